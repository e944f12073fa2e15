using System.Runtime.InteropServices;
using Armada.Devices.Serial;
using Armada.EdgeAgent.Cli;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Stops;
using Armada.EdgeAgent.Telemetry;
using Armada.Mqtt;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Hosting;

/// <summary>The agent as a program: everything of a configuration, from start to a clean end.</summary>
internal static class AgentHost
{
    // Arms lose their torque within a tick; the rest is for a broker that is slow to take its leave.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Runs until Ctrl-C, SIGTERM, SIGHUP or cancellation.</summary>
    /// <exception cref="ConfigurationException">A file, port, socket or option is unusable; nothing was moved.</exception>
    public static async Task<int> RunAsync(AgentConfiguration configuration, CancellationToken cancellation)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss.fff ";
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = Patience);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Warning);
        AddAgent(builder.Services, configuration);
        using var host = builder.Build();
        using var hangUp = OnHangUp(host.Services.GetRequiredService<IHostApplicationLifetime>());
        await OpenAsync(host.Services, cancellation);
        await host.RunAsync(cancellation);
        return AgentCommands.Done;
    }

    /// <summary>A terminal that closes, as a lost ssh does, ends the agent as Ctrl-C would; the host knows of no such signal.</summary>
    private static PosixSignalRegistration OnHangUp(IHostApplicationLifetime lifetime) => PosixSignalRegistration.Create(
        PosixSignal.SIGHUP,
        signal =>
        {
            signal.Cancel = true;
            lifetime.StopApplication();
        });

    /// <summary>Opens what a person may have named wrongly, before anything runs.</summary>
    private static async Task OpenAsync(IServiceProvider services, CancellationToken cancellation)
    {
        try
        {
            services.GetRequiredService<ControlSocketServer>().Open();
            await services.GetRequiredService<AgentService>().OpenAsync(cancellation);
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
        services.AddSingleton(Composition.SerialPorts());
        services.AddSingleton<LinkFactory>(Composition.Link);
        services.AddSingleton<IReadOnlyList<Device>>(all =>
            [.. configuration.Devices.Select(device => new Device(device, all.GetRequiredService<LocalStop>()))]);
        services.AddSingleton<AgentTelemetry>();
        services.AddSingleton<AgentService>();
        services.AddHostedService(all => all.GetRequiredService<AgentService>());
        services.AddSingleton(all => new ControlSocketServer(
            configuration.ControlSocket ?? ControlSocket.DefaultPath,
            all.GetRequiredService<LocalStop>(),
            all.GetRequiredService<IReadOnlyList<Device>>(),
            all.GetRequiredService<ILogger<ControlSocketServer>>()));
        services.AddHostedService(all => all.GetRequiredService<ControlSocketServer>());
        if (TelemetryExport.IsWanted)
            services.AddHostedService<TelemetryExport>();
    }
}
