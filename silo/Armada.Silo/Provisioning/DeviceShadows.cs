using System.Text.Json.Nodes;
using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;

namespace Armada.Silo.Provisioning;

/// <summary>
/// Keeps what each bound device should be set to where it finds it when it comes back: its robot's limits, and which robot it serves as
/// what. Never motion.
/// </summary>
internal sealed partial class DeviceShadows(
    IDeviceShadow shadow, IRobotEngine engine, TimeProvider time, ILogger<DeviceShadows> logger) : IHostedService, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private readonly Dictionary<string, string> written = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource ending = new();
    private Task running = Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        running = RunAsync();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await ending.CancelAsync();
        await running;
    }

    /// <summary>Writes down what has changed since it was told last.</summary>
    /// <exception cref="RegistryFailedException">It cannot be written now.</exception>
    /// <exception cref="EngineUnreachableException">The robots cannot be asked now.</exception>
    public async Task TellAsync(CancellationToken cancellation)
    {
        foreach (var robot in await engine.ListAsync(cancellation))
        {
            if (robot.Document.Master is { Kind: MasterKind.Device } master)
                await TellAsync(master.Name, robot.Document, "master", cancellation);
            foreach (var slave in robot.Document.Slaves.Where(slave => slave.IsDevice))
                await TellAsync(slave.Name, robot.Document, "slave", cancellation);
        }
    }

    public void Dispose() => ending.Dispose();

    private static string Desired(RobotDocument robot, string role)
    {
        var limits = new JsonObject();
        foreach (var joint in robot.Model.Joints)
            limits[joint.Name] = new JsonObject { ["min"] = joint.Min, ["max"] = joint.Max, ["max_velocity"] = joint.MaxVelocity };
        return new JsonObject
        {
            ["limits"] = limits,
            ["configuration"] = new JsonObject { ["robot"] = robot.Id, ["model"] = robot.Model.Name, ["role"] = role },
        }.ToJsonString();
    }

    private async Task TellAsync(string device, RobotDocument robot, string role, CancellationToken cancellation)
    {
        var desired = Desired(robot, role);
        if (written.TryGetValue(device, out var before) && before == desired)
            return;
        var answer = await shadow.DesireAsync(device, desired, version: null, cancellation);
        if (answer == ShadowAnswer.Unknown)
            return; // It may get its identity later.
        if (answer != ShadowAnswer.Done)
            LogRefused(device, answer);
        written[device] = desired;
    }

    private async Task RunAsync()
    {
        using var timer = new PeriodicTimer(Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ending.Token))
            {
                try
                {
                    await TellAsync(ending.Token);
                }
                catch (Exception away) when (away is RegistryFailedException or EngineUnreachableException)
                {
                    LogPostponed(away.Message);
                }
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            return;
        }
    }

    [LoggerMessage(1760, LogLevel.Warning, "What {Device} should be set to is not kept for it: {Answer}")]
    private partial void LogRefused(string device, ShadowAnswer answer);

    [LoggerMessage(1761, LogLevel.Warning, "What devices should be set to is kept for them later: {Reason}")]
    private partial void LogPostponed(string reason);
}
