using System.Runtime.InteropServices;
using Armada.Devices.Calibration;
using Armada.Mqtt;
using Armada.Up.Children;
using Armada.Up.Measure;
using Armada.Up.Stage;
using Microsoft.Extensions.Logging.Abstractions;

namespace Armada.Up;

/// <summary>The main job: one arm moves another, the whole way, until Ctrl-C or for a check.</summary>
internal static class MainJob
{
    private static readonly TimeSpan LiveTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Runs the job and returns its exit code: 0 well, 1 something failed, 2 it was asked for what cannot be.</summary>
    public static async Task<int> RunAsync(UpOptions options, CancellationToken cancellation)
    {
        if (MissingPort(options) is { } problem)
        {
            await Console.Error.WriteLineAsync(problem);
            return 2;
        }

        // A terminal that closes ends the job as Ctrl-C does.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context =>
        {
            context.Cancel = true;
            ending.Cancel();
        });
        using var workspace = new Workspace();
        try
        {
            await using var scene = new DemoEnvironment(workspace);
            scene.StartSilo(options.HttpPort);
            using var door = new SiloClient(scene.Silo);
            await WaitAsync(scene, "the silo to be ready", async () => await door.IsReadyAsync(ending.Token), ending.Token);
            await scene.StartArmsAsync(options, door, ending.Token);
            return await WatchAsync(options, scene, door, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("ended");
            return options.Check is null ? 0 : 1;
        }
        catch (CalibrationException wrong)
        {
            await Console.Error.WriteLineAsync(wrong.Message);
            return 2;
        }
        catch (Exception failure) when (failure is ChildProcessException or HttpRequestException or TimeoutException)
        {
            workspace.Keep = true;
            await Console.Error.WriteLineAsync($"{failure.Message}\nlogs are in {workspace.Folder}");
            return failure is ChildProcessException { ExitCode: 2 } ? 2 : 1;
        }
    }

    private static async Task<int> WatchAsync(UpOptions options, DemoEnvironment scene, SiloClient door, CancellationToken cancellation)
    {
        await Console.Error.WriteLineAsync($"silo     {scene.Silo}api/v1/robots   openapi {scene.Silo}openapi/v1.json   health {scene.Silo}readyz");
        await Console.Error.WriteLineAsync($"broker   mqtts://127.0.0.1:{scene.BrokerPort}   topics armada/v1/#   look on: XDG_CONFIG_HOME={scene.Watch} mosquitto_sub -v -t 'armada/v1/+/presence'");
        await using var link = new MqttLink(scene.LookingOn("armada-up"), NullLogger<MqttLink>.Instance);
        var watch = new MotionWatch(link, DemoEnvironment.Leader, DemoEnvironment.Follower);
        await link.StartAsync(cancellation);

        await door.BindAsync("so101", DemoEnvironment.Leader, DemoEnvironment.Follower, cancellation);
        var motion = new MotionMeter(door, watch);
        await WaitAsync(
            scene,
            "the follower to track",
            async () =>
            {
                foreach (var fault in watch.NewFaults())
                    await Console.Error.WriteLineAsync($"fault    {fault}");
                return await motion.TracksAsync(cancellation);
            },
            cancellation);
        if (options.Check is not { } seconds)
            return await LiveLine.ShowAsync(scene, motion, cancellation);

        var report = await motion.MeasureAsync(TimeSpan.FromSeconds(seconds), scene.ThrowIfOneDied, cancellation);
        if (report.DropsByReason.Length > 0)
            await Console.Error.WriteLineAsync($"dropped  {report.DropsByReason}");
        Console.WriteLine(report.ToJson());
        return report.Ok ? 0 : 1;
    }

    private static async Task WaitAsync(DemoEnvironment scene, string what, Func<Task<bool>> condition, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(LiveTimeout);
        while (!await condition())
        {
            scene.ThrowIfOneDied();
            if (patience.IsCancellationRequested)
                throw new TimeoutException($"waited {LiveTimeout.TotalSeconds:0} s for {what}");
            await Task.Delay(TimeSpan.FromMilliseconds(100), cancellation);
        }
    }

    private static string? MissingPort(UpOptions options)
    {
        string?[] ports = [options.Leader, options.Follower];
        var missing = Array.Find(ports, port => port is not null && !File.Exists(port));
        return missing is null ? null : $"{missing} does not exist: plug the arm in, or look for its port with 'ls /dev/ttyACM* /dev/ttyUSB*'";
    }
}
