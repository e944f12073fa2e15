using System.Net.Sockets;
using System.Runtime.InteropServices;
using Armada.Core.Engine;
using Armada.Grains.Storage;
using Armada.Hosting;
using Armada.Silo.Options;
using Microsoft.Extensions.Logging.Console;

namespace Armada.Silo;

public static partial class SiloHost
{
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";

    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(5);

    /// <exception cref="SiloOptionsException">An option is wrong; nothing was started.</exception>
    /// <exception cref="OperationCanceledException">It was told to end before it had started.</exception>
    public static async Task RunAsync(SiloOptions options, CancellationToken cancellation)
    {
        var isStarted = false;
        using (var logging = LoggerFactory.Create(LogToConsole))
            options = await Composition.PrepareAsync(options, logging, cancellation);
        await using var silo = Build(options, LogToConsole);
        await StartAsync(silo, options, cancellation);
        isStarted = true;
        await silo.WaitForShutdownAsync(cancellation);

        // What the host, Orleans and its Polly report of a failed start is left out: the command line says the same in one line.
        void LogToConsole(ILoggingBuilder logging) => logging
            .AddFilter(HostCategory, level => level >= LogLevel.Warning && isStarted)
            .AddFilter("Orleans", level => level >= LogLevel.Warning && isStarted)
            .AddFilter("Orleans.Runtime.Silo", level => level >= LogLevel.Error && isStarted) // Its warnings are about the garbage collector, which this product has chosen.
            .AddFilter("Polly", LogLevel.None) // Orleans reports itself what its retries did not achieve.
            .AddSiloConsole(options);
    }

    /// <summary>A silo that has not started yet.</summary>
    /// <param name="adjust">Replaces services before the host is built; for tests.</param>
    public static WebApplication Build(SiloOptions options, Action<ILoggingBuilder> logging, Action<IServiceCollection>? adjust = null)
    {
        if (options.Http.Problems().ToArray() is { Length: > 0 } problems)
            throw new SiloOptionsException(string.Join('\n', problems));
        // The empty builder reads no environment or settings file, so no variable can open an address that the options did not check.
        var builder = WebApplication.CreateEmptyBuilder(new() { ApplicationName = typeof(SiloHost).Assembly.GetName().Name });
        logging(builder.Logging);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopWithin);
        builder.AddSilo(options);
        builder.AddAccess(options);
        builder.AddApi();
        builder.Services.AddHostedService<SystemdNotifications>();
        adjust?.Invoke(builder.Services);
        var silo = builder.Build();
        silo.UseApi(options.Cluster?.Role ?? SiloRole.Both);
        return silo;
    }

    private static async Task StartAsync(WebApplication silo, SiloOptions options, CancellationToken cancellation)
    {
        try
        {
            await silo.StartAsync(cancellation);
        }
        catch (Exception refused)
        {
            await StopStartedAsync(silo);
            cancellation.ThrowIfCancellationRequested();
            if (refused is IOException or SocketException)
                throw new SiloOptionsException($"{options.Http.UrlsName}{(options.Broker is null ? "" : " or --broker")} cannot be listened on: {refused.Message}", refused);
            if (refused is EngineUnreachableException or StorageException)
                throw new SiloOptionsException(refused.Message, refused);
            throw;
        }
    }

    // What has started already ends in order.
    private static async Task StopStartedAsync(WebApplication silo)
    {
        try
        {
            await silo.StopAsync(CancellationToken.None);
        }
        catch (Exception fault)
        {
            LogNotStopped(silo.Logger, fault); // Orleans refuses to stop what has not started.
        }
    }

    private static void AddSiloConsole(this ILoggingBuilder logging, SiloOptions options)
    {
        const string Time = "yyyy-MM-ddTHH:mm:ss.fffzzz ";
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.FormatterName = ConsoleFormatterNames.Simple);
        logging.Services.Configure<SimpleConsoleFormatterOptions>(line => (line.SingleLine, line.TimestampFormat) = (true, Time));
        logging.Services.Configure<JsonConsoleFormatterOptions>(json => json.TimestampFormat = Time.TrimEnd());
        logging
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information)
            .AddConfiguration(options.Logging) // After the filters, which it may override.
            .AddConsole();
    }

    [LoggerMessage(1910, LogLevel.Debug, "After a start that failed not everything could be stopped")]
    private static partial void LogNotStopped(ILogger logger, Exception fault);
}

/// <summary>Cancels a token at the first SIGTERM, SIGINT or SIGQUIT, from the moment it is made: also while the silo starts.</summary>
internal sealed class TerminationSignals : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;

    public TerminationSignals() =>
        registrations = [Register(PosixSignal.SIGTERM), Register(PosixSignal.SIGINT), Register(PosixSignal.SIGQUIT)];

    public CancellationToken Token => source.Token;

    public void Dispose()
    {
        foreach (var registration in registrations)
            registration.Dispose();
        source.Dispose();
    }

    private PosixSignalRegistration Register(PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true; // The process ends by itself, in order.
        source.Cancel();
    });
}
