using Armada.Core.Robots;

namespace Armada.Core.Devices;

public enum DeviceRole : byte
{
    /// <summary>Its frames command the robot.</summary>
    Master,

    /// <summary>It executes the robot's commands.</summary>
    Slave,
}

[GenerateSerializer, Immutable, Alias("armada.device.assignment")]
public sealed record DeviceAssignment([Id(0)] string Robot, [Id(1)] DeviceRole Role)
{
    public override string ToString() => $"{(Role == DeviceRole.Master ? "master" : "slave")} of {Robot}";
}

/// <summary>Which robot each device serves: one robot, in one role. Immutable.</summary>
public sealed class DeviceAssignments
{
    private readonly ImmutableDictionary<string, DeviceAssignment> byDevice;

    private DeviceAssignments(ImmutableDictionary<string, DeviceAssignment> byDevice) => this.byDevice = byDevice;

    public static DeviceAssignments None { get; } = new(ImmutableDictionary.Create<string, DeviceAssignment>(StringComparer.Ordinal));

    public DeviceAssignment? Of(string device) => byDevice.GetValueOrDefault(device);

    /// <summary>Assigns a device. An assignment that stands already is granted again.</summary>
    /// <param name="takeover">Take it from its present robot and role.</param>
    public AssignmentResult Claim(string device, DeviceAssignment claim, bool takeover)
    {
        var held = Of(device);
        if (held == claim)
            return new AssignmentResult(this, null, null);
        if (held is null || takeover)
            return new AssignmentResult(new DeviceAssignments(byDevice.SetItem(device, claim)), null, held);
        var text = $"{device} is {held}; unbind it there or ask for takeover";
        return new AssignmentResult(this, new Refusal(RefusalReason.DeviceBusy, text), null);
    }

    /// <summary>Releases a device, unless it has another assignment by now.</summary>
    public DeviceAssignments Release(string device, DeviceAssignment claim) =>
        Of(device) == claim ? new DeviceAssignments(byDevice.Remove(device)) : this;

    /// <summary>Assigns all devices that a document binds, as after a restart; one that another robot has already is left to it.</summary>
    public DeviceAssignments With(RobotDocument document)
    {
        var claims = this;
        if (document.Master is { Kind: MasterKind.Device } master)
            claims = claims.Claim(master.Name, new DeviceAssignment(document.Id, DeviceRole.Master), takeover: false).Claims;
        foreach (var slave in document.Slaves.Where(slave => slave.IsDevice))
            claims = claims.Claim(slave.Name, new DeviceAssignment(document.Id, DeviceRole.Slave), takeover: false).Claims;
        return claims;
    }

    public DeviceAssignments Without(string robot) =>
        new(byDevice.RemoveRange(byDevice.Where(entry => entry.Value.Robot == robot).Select(entry => entry.Key)));
}

/// <param name="Refused">Why not, naming robot and role; or null.</param>
/// <param name="Lost">With a takeover: the assignment it had before; that robot must unbind it.</param>
public sealed record AssignmentResult(DeviceAssignments Claims, Refusal? Refused, DeviceAssignment? Lost);
