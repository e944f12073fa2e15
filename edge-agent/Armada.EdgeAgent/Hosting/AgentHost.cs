using System.Runtime.InteropServices;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Cli;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Stops;
using Armada.EdgeAgent.Telemetry;
using Armada.Hosting;
using Armada.Mqtt;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.EdgeAgent.Hosting;

/// <summary>The agent as a program: everything of a configuration, from start to a clean end.</summary>
internal static class AgentHost
{
    // Arms are parked within eight seconds; the rest is for a broker that is slow to acknowledge.
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Runs until Ctrl-C, SIGTERM or SIGHUP, also one that comes while it starts.</summary>
    /// <exception cref="ConfigurationException">A file, port, socket or option is unusable; nothing was moved.</exception>
    /// <param name="strict">Whether a port that is missing or busy ends it too.</param>
    public static async Task<int> RunAsync(string file, bool strict)
    {
        using var stopping = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Stop);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        AgentLogging.Add(builder.Logging, builder.Configuration);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = ShutdownTimeout);
        var configuration = ConfigurationFile.Load(file);
        AddAgent(builder.Services, configuration);
        builder.AddTelemetryExport(configuration);
        using var host = builder.Build();
        try
        {
            await OpenAsync(host.Services, strict, stopping.Token);
            await host.RunAsync(stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return AgentCommands.Done; // Told to stop before it had started.
        }

        return AgentCommands.Done;

        void Stop(PosixSignalContext signal)
        {
            signal.Cancel = true;
            stopping.Cancel();
        }
    }

    /// <summary>Opens what a person may have named wrongly, before anything runs.</summary>
    private static async Task OpenAsync(IServiceProvider services, bool strict, CancellationToken cancellation)
    {
        try
        {
            services.GetRequiredService<ControlSocketServer>().Open();
            await services.GetRequiredService<AgentService>().OpenAsync(strict, cancellation);
        }
        catch (Exception e) when (e is SerialOpenException or LinkConfigurationException)
        {
            throw new ConfigurationException(e.Message, e);
        }
    }

    private static void AddAgent(IServiceCollection services, AgentConfiguration configuration)
    {
        services.AddSingleton(configuration);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton<LocalStop>();
        services.AddSingleton(SerialPorts.Create(configuration.UsesSystemSerial));
        services.AddSingleton<MqttLinkFactory>((options, loggers) => new MqttLink(options, loggers.CreateLogger<MqttLink>()));
        services.AddSingleton<IReadOnlyList<Device>>(all =>
            [.. configuration.Devices.Select(device => new Device(device, all.GetRequiredService<LocalStop>()))]);
        services.AddSingleton<AgentTelemetry>();
        services.AddSingleton<Supervisor>();
        services.AddSingleton<AgentService>();
        services.AddSingleton(all => ActivatorUtilities.CreateInstance<ControlSocketServer>(
            all, configuration.ControlSocket is { } path ? new ControlSocketPlace(path) : ControlSocketPlaces.OfMachine.FindOwn()));
        // Ends in the opposite order: a stop is taken until the last arm is parked.
        services.AddHostedService(all => all.GetRequiredService<ControlSocketServer>());
        services.AddHostedService(all => all.GetRequiredService<AgentService>());
        services.AddHostedService<SystemdNotifications>();
    }
}
