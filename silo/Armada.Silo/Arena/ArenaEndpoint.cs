using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Armada.Core.Topics;
using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Sockets;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Armada.Silo.Arena;

/// <summary>The parts of the requirement's WebSocket doors.</summary>
internal static class ArenaHost
{
    /// <summary>Adds them.</summary>
    public static void AddArena(this IServiceCollection services)
    {
        services.TryAddSingleton<SocketLimits>();
        services.AddSingleton<ArenaTiming>();
        services.AddSingleton<ArenaRelay>();
        services.AddSingleton<ArenaSequences>();
        services.AddSingleton<ArenaParts>();
        services.AddSingleton<ArenaEndpoint>();
    }
}

/// <summary>Lets clients of the requirement's WebSocket protocol in, at <c>/ws/master/{robot}</c> and <c>/ws/slave/{robot}</c>.</summary>
internal sealed class ArenaEndpoint(ArenaParts parts, OpenSockets open, IHostApplicationLifetime lifetime)
{
    /// <summary>Maps both doors.</summary>
    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet("/ws/master/{robot}", (HttpContext context, string robot, ArenaEndpoint door) => door.ServeAsync(context, robot, "master"))
            .Allow(Role.Operator).ReadsQuery("name", "names", "takeover").ExcludeFromDescription();
        app.MapGet("/ws/slave/{robot}", (HttpContext context, string robot, ArenaEndpoint door) => door.ServeAsync(context, robot, "slave"))
            .Allow(Role.Operator).ReadsQuery("name", "names", "takeover").ExcludeFromDescription();
    }

    private async Task ServeAsync(HttpContext context, string robot, string kind)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            await Problem.WebSocketOnly.Answer($"connect to {context.Request.Path} with a WebSocket").ExecuteAsync(context);
            return;
        }

        var accept = OpenSockets.Accept(context);
        (accept.KeepAliveInterval, accept.KeepAliveTimeout) = (parts.Limits.PingEvery, parts.Limits.PongWithin);
        using var raw = await context.WebSockets.AcceptWebSocketAsync(accept);
        if (!ArenaQuery.TryRead(context.Request.Query, kind, out var query, out var problem))
        {
            var socket = new JsonSocket(raw, null, parts.Limits, parts.Clock);
            using var voice = new ArenaNotifier(robot, socket, parts.Clock);
            voice.Error("invalid", problem);
            socket.Close(SocketClose.Refused, problem);
            await socket.RunAsync(_ => ValueTask.CompletedTask, lifetime.ApplicationStopping);
            return;
        }

        using var session = new ArenaSession(raw, robot, query, kind == "master", context.Caller(), parts);
        using var place = open.Enter(context, session.Close);
        await session.RunAsync(lifetime.ApplicationStopping);
    }
}

/// <summary>What a client says in its address when it connects.</summary>
/// <param name="Name">Its name among the robot's parties and slaves.</param>
/// <param name="Canonical">Whether it is told LeRobot's joint names instead of Arena's.</param>
/// <param name="Takeover">Whether its first command takes another master's place.</param>
internal sealed record ArenaQuery(string Name, bool Canonical, bool Takeover)
{
    private const int ChosenDigits = 8;

    /// <summary>Reads name, names and takeover; a client without a name gets one, such as master-1f09c3aa.</summary>
    /// <param name="query">The address's query.</param>
    /// <param name="kind">Beginning of a name that is chosen here.</param>
    /// <param name="read">What it says.</param>
    /// <param name="problem">What is wrong with it, in words.</param>
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
                name.Length > 0 ? name : $"{kind}-{RandomNumberGenerator.GetHexString(ChosenDigits, lowercase: true)}",
                names == "lerobot",
                takeover == "true");
        return read is not null;
    }
}
