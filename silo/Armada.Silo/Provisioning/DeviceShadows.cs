using System.Text.Json.Nodes;
using Armada.Core.Engine;

namespace Armada.Silo.Provisioning;

/// <summary>
/// Writes to each bound device's shadow what the device should be set to when it comes back: its robot's limits, and which robot it
/// serves in which role. Never motion.
/// </summary>
internal sealed partial class DeviceShadows(IDeviceShadow shadow, IRobotEngine engine, TimeProvider time, ILogger<DeviceShadows> logger)
    : PeriodicService(TimeSpan.FromSeconds(15), time, logger)
{
    private readonly Dictionary<string, string> written = new(StringComparer.Ordinal);

    /// <exception cref="RegistryFailedException">The shadow cannot be written now.</exception>
    /// <exception cref="EngineUnreachableException">The robots cannot be read now.</exception>
    public async Task UpdateAsync(CancellationToken cancellation)
    {
        foreach (var robot in await engine.ListAsync(cancellation))
        {
            if (robot.Document.Master is { Kind: MasterKind.Device } master)
                await UpdateAsync(master.Name, robot.Document, "master", cancellation);
            foreach (var slave in robot.Document.Slaves.Where(slave => slave.IsDevice))
                await UpdateAsync(slave.Name, robot.Document, "slave", cancellation);
        }
    }

    protected override async Task RunOnceAsync(CancellationToken cancellation)
    {
        try
        {
            await UpdateAsync(cancellation);
        }
        catch (Exception away) when (away is RegistryFailedException or EngineUnreachableException)
        {
            LogPostponed(away.Message);
        }
    }

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

    private async Task UpdateAsync(string device, RobotDocument robot, string role, CancellationToken cancellation)
    {
        var desired = Desired(robot, role);
        if (written.TryGetValue(device, out var before) && before == desired)
            return;
        var answer = await shadow.DesireAsync(device, desired, version: null, cancellation);
        if (answer == ShadowAnswer.Unknown)
            return; // The device may be registered later.
        if (answer != ShadowAnswer.Done)
            LogRefused(device, answer);
        written[device] = desired;
    }

    [LoggerMessage(1760, LogLevel.Warning, "The settings of {Device} were not written to its shadow: {Answer}")]
    private partial void LogRefused(string device, ShadowAnswer answer);

    [LoggerMessage(1761, LogLevel.Warning, "The shadows of the devices are not updated now and are retried in 15 s: {Reason}")]
    private partial void LogPostponed(string reason);
}
