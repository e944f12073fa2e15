using System.Runtime.InteropServices;
using Armada.Devices.Calibration;

namespace Armada.Up;

/// <summary>Runs everything on one machine: one arm moves and another follows, until Ctrl-C or for the time of a check.</summary>
internal static class MainJob
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    /// <returns>Exit code: 0 success, 1 failure, 2 wrong options, ports or calibration.</returns>
    public static async Task<int> RunAsync(UpOptions options, CancellationToken cancellation)
    {
        if (MissingPort(options) is { } port)
        {
            await Console.Error.WriteLineAsync($"{port} does not exist: plug the arm in, or look for its port with 'ls /dev/serial/by-id'");
            return 2;
        }

        // A terminal that is closed ends the job as Ctrl-C does.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            ending.Cancel();
        });
        using var workspace = new Workspace();
        try
        {
            await using var environment = new DemoEnvironment(workspace);
            environment.StartSilo(options.HttpPort);
            using var silo = new SiloClient(environment.Silo);
            await WaitUntilAsync(environment, "the silo is ready", () => silo.IsReadyAsync(ending.Token), ending.Token);
            await environment.StartArmsAsync(options, silo, ending.Token);
            return await ObserveAsync(options, environment, silo, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("ended");
            return options.Check is null ? 0 : 1;
        }
        catch (CalibrationException invalid)
        {
            await Console.Error.WriteLineAsync(invalid.Message);
            return 2;
        }
        catch (Exception failure) when (failure is ChildProcessException or HttpRequestException or TimeoutException)
        {
            workspace.Keep = true;
            await Console.Error.WriteLineAsync($"{failure.Message}\nlogs are in {workspace.Folder}");
            return failure is ChildProcessException { ExitCode: 2 } ? 2 : 1;
        }
    }

    private static async Task<int> ObserveAsync(UpOptions options, DemoEnvironment environment, SiloClient silo, CancellationToken cancellation)
    {
        await Console.Error.WriteLineAsync($"""
            silo     {environment.Silo}api/v1/robots   OpenAPI {environment.Silo}openapi/v1.json   health {environment.Silo}readyz
            devices  mqtts://127.0.0.1:{environment.BrokerPort}   watch one: curl -N {environment.Silo}api/v1/devices/{DemoEnvironment.Leader}/tap
            """);
        var monitor = new MotionMonitor(silo);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var observing = monitor.ObserveAsync(ending.Token);
        try
        {
            return await FollowAsync(options, environment, silo, monitor, cancellation);
        }
        finally
        {
            await ending.CancelAsync();
            await observing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // What ends it early ends the silo too, and is told as that.
        }
    }

    private static async Task<int> FollowAsync(
        UpOptions options, DemoEnvironment environment, SiloClient silo, MotionMonitor monitor, CancellationToken cancellation)
    {
        await silo.CreateRobotAsync("so101", DemoEnvironment.Leader, DemoEnvironment.Follower, cancellation);
        await WaitUntilAsync(
            environment,
            "the follower tracks the leader",
            async () =>
            {
                foreach (var fault in monitor.TakeNewFaults())
                    await Console.Error.WriteLineAsync($"fault    {fault}");
                return await monitor.IsTrackingAsync(cancellation);
            },
            cancellation);
        if (options.Check is { } seconds)
            return await CheckAsync(TimeSpan.FromSeconds(seconds), environment, monitor, cancellation);
        await StatusLine.PrintAsync(environment, monitor, cancellation);
        return 0;
    }

    private static async Task<int> CheckAsync(
        TimeSpan duration, DemoEnvironment environment, MotionMonitor monitor, CancellationToken cancellation)
    {
        var measured = await monitor.MeasureAsync(duration, environment.ThrowIfAnyExited, cancellation);
        var report = CheckReport.Of(measured);
        if (measured.Drops.ToString() is { Length: > 0 } drops)
            await Console.Error.WriteLineAsync($"dropped  {drops}");
        if (!report.Ok)
            await Console.Error.WriteLineAsync($"late     {string.Join(", ", measured.LateTicks.Select(arm => $"{arm.Key} {arm.Value:0.00} %"))} of all ticks");
        Console.WriteLine(report.ToJson());
        return report.Ok ? 0 : 1;
    }

    private static async Task WaitUntilAsync(
        DemoEnvironment environment, string what, Func<Task<bool>> condition, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(StartTimeout);
        while (!await condition())
        {
            environment.ThrowIfAnyExited();
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"gave up after {StartTimeout.TotalSeconds:0} s waiting until {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    private static string? MissingPort(UpOptions options) =>
        Array.Find([options.Leader, options.Follower], port => port is not null && !File.Exists(port));
}
