using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Armada.Core.Topics;
using Armada.Silo.Sockets;

namespace Armada.Silo.Arena;

internal static class ArenaHost
{
    public static void AddArena(this IServiceCollection services)
    {
        services.AddSingleton<ArenaTiming>();
        services.AddSingleton<ArenaRelay>();
        services.AddSingleton<ArenaSequences>();
        services.AddSingleton<ArenaServices>();
        services.AddSingleton<ArenaEndpoint>();
    }
}

/// <summary>Serves clients of LeRobot Arena's WebSocket protocol at <c>/ws/master/{robot}</c> and <c>/ws/slave/{robot}</c>.</summary>
internal sealed class ArenaEndpoint(ArenaServices services, OpenSockets open, IHostApplicationLifetime lifetime)
{
    public static void Map(IEndpointRouteBuilder app)
    {
        foreach (var kind in new[] { "master", "slave" })
        {
            app.MapGet($"/ws/{kind}/{{robot}}", (HttpContext context, string robot, ArenaEndpoint endpoint) => endpoint.ServeAsync(context, robot, kind))
                .Allow(Role.Operator).OnlyWebSockets().ReadsQuery("name", "names", "takeover").ExcludeFromDescription();
        }
    }

    private async Task ServeAsync(HttpContext context, string robot, string kind)
    {
        using var raw = await JsonSocket.AcceptAsync(context, services.Limits);
        if (!ArenaQuery.TryRead(context.Request.Query, kind, out var query, out var problem))
        {
            using var output = new ArenaOutput(robot, raw, services.Limits, services.Clock);
            output.SendError("invalid", problem);
            output.Socket.Close(SocketClose.Refused, problem);
            await output.Socket.RunAsync(_ => ValueTask.CompletedTask, lifetime.ApplicationStopping);
            return;
        }

        using var session = new ArenaSession(raw, robot, query, kind == "master", context.Caller(), services);
        using var registration = open.Enter(context, session.Close);
        try
        {
            await session.RunAsync(lifetime.ApplicationStopping);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            session.Close(SocketClose.GoingAway, "the silo ends"); // Before the session had begun; one that has begun ends by itself.
        }
    }
}

/// <summary>The query of a client's address.</summary>
/// <param name="Canonical">Whether the client uses LeRobot's joint names instead of Arena's.</param>
/// <param name="Takeover">Whether its first command replaces another master.</param>
internal sealed record ArenaQuery(string Name, bool Canonical, bool Takeover)
{
    private const int RandomDigits = 8;

    /// <summary>Reads name, names and takeover; a client without a name gets a random one, such as master-1f09c3aa.</summary>
    public static bool TryRead(
        IQueryCollection query, string kind, [NotNullWhen(true)] out ArenaQuery? read, [NotNullWhen(false)] out string? problem)
    {
        var name = query["name"].ToString();
        var names = query["names"].ToString();
        var takeover = query["takeover"].ToString();
        problem = name.Length > 0 && !DeviceName.IsValid(name)
                ? $"name must be 1 to {DeviceName.MaxLength} of a-z, A-Z, 0-9, '-', '_', beginning with a letter or digit"
            : names is not ("" or "arena" or "lerobot") ? "names must be arena or lerobot"
            : takeover is not ("" or "true" or "false") ? "takeover must be true or false"
            : null;
        read = problem is not null
            ? null
            : new ArenaQuery(
                name.Length > 0 ? name : $"{kind}-{RandomNumberGenerator.GetHexString(RandomDigits, lowercase: true)}",
                names == "lerobot",
                takeover == "true");
        return read is not null;
    }
}
