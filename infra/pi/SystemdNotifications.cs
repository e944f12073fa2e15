using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;

namespace Armada.Hosting;

/// <summary>
/// What a unit of Type=notify is told: that everything has started, that the program ends, and, where the unit has WatchdogSec, twice in that
/// time that its thread pool still runs what is due. Silent where systemd did not start the program.
/// </summary>
internal sealed class SystemdNotifications(IHostApplicationLifetime lifetime, TimeProvider time) : IHostedService, IDisposable
{
    private static readonly ServiceState Alive = new("WATCHDOG=1");

    private readonly SystemdNotifier systemd = new();
    private ITimer? watchdog;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (!systemd.IsEnabled)
            return Task.CompletedTask;
        lifetime.ApplicationStarted.Register(() => systemd.Notify(ServiceState.Ready));
        lifetime.ApplicationStopping.Register(() => systemd.Notify(ServiceState.Stopping));
        if (WatchdogPeriod is { } period)
            watchdog = time.CreateTimer(_ => systemd.Notify(Alive), null, TimeSpan.Zero, period / 2);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => watchdog?.Dispose();

    private static TimeSpan? WatchdogPeriod =>
        long.TryParse(Environment.GetEnvironmentVariable("WATCHDOG_USEC"), CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0
        && (Environment.GetEnvironmentVariable("WATCHDOG_PID") is not { } process || process == Environment.ProcessId.ToString(CultureInfo.InvariantCulture))
            ? TimeSpan.FromMicroseconds(microseconds)
            : null;
}
