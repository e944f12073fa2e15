using System.Net.Sockets;
using Armada.Core.Engine;
using Armada.Silo.Access;
using Armada.Silo.Api;
using Armada.Silo.Options;
using Microsoft.Extensions.Logging.Console;

namespace Armada.Silo;

/// <summary>Builds and runs one silo.</summary>
public static class SiloHost
{
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);

    /// <summary>Runs a silo until it is told to stop.</summary>
    /// <exception cref="SiloOptionsException">An option is wrong; nothing was started.</exception>
    public static async Task RunAsync(SiloOptions options, CancellationToken cancellation)
    {
        var started = false;
        using (var logging = LoggerFactory.Create(logging => LogToConsole(logging, () => started)))
            options = await Composition.PrepareAsync(options, logging, cancellation);
        await using var silo = Build(options, logging => LogToConsole(logging, () => started));
        try
        {
            await silo.StartAsync(cancellation);
        }
        catch (Exception refused) when (refused is IOException or SocketException)
        {
            throw new SiloOptionsException($"--urls cannot be listened on: {refused.Message}", refused);
        }

        catch (EngineUnreachableException refused)
        {
            throw new SiloOptionsException(refused.Message, refused);
        }

        started = true;
        await silo.WaitForShutdownAsync(cancellation);
    }

    /// <summary>A silo that has not started yet.</summary>
    /// <param name="options">Everything it is told.</param>
    /// <param name="logging">Where its log goes.</param>
    /// <param name="adjust">Replaces services before the host is built; for tests.</param>
    public static WebApplication Build(SiloOptions options, Action<ILoggingBuilder> logging, Action<IServiceCollection>? adjust = null)
    {
        HttpOptionsValidator.Check(options);
        // The empty builder reads no environment or settings file, so no variable can open an address the options did not check.
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = typeof(SiloHost).Assembly.GetName().Name });
        logging(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopWithin);
        builder.AddSilo(options);
        builder.AddAccess(options);
        builder.AddApi();
        adjust?.Invoke(builder.Services);
        var silo = builder.Build();
        silo.UseApi();
        return silo;
    }

    // The host's own report of a failed start is left out: the command line says the same in one line.
    private static void LogToConsole(ILoggingBuilder logging, Func<bool> started) => logging
        .AddFilter("Microsoft", LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", level => level >= LogLevel.Warning && started())
        .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
        .AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
            console.ColorBehavior = LoggerColorBehavior.Default;
        });
}
