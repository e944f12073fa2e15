using System.Collections.Immutable;
using Armada.Core.Robots;

namespace Armada.Core.Devices;

/// <summary>What a device does for a robot.</summary>
public enum DeviceRole : byte
{
    /// <summary>Its frames command the robot.</summary>
    Master,

    /// <summary>It executes the robot's commands.</summary>
    Slave,
}

/// <summary>A device's place in the fleet.</summary>
/// <param name="Robot">Robot id.</param>
/// <param name="Role">What it does there.</param>
[GenerateSerializer, Immutable, Alias("armada.device.assignment")]
public sealed record DeviceAssignment([Id(0)] string Robot, [Id(1)] DeviceRole Role)
{
    /// <summary>Such as "slave of robot-1".</summary>
    public override string ToString() => $"{(Role == DeviceRole.Master ? "master" : "slave")} of {Robot}";
}

/// <summary>Which robot each device serves: one robot, in one role, at a time. Immutable.</summary>
public sealed class DeviceAssignments
{
    private readonly ImmutableDictionary<string, DeviceAssignment> byDevice;

    private DeviceAssignments(ImmutableDictionary<string, DeviceAssignment> byDevice) => this.byDevice = byDevice;

    /// <summary>No device is claimed.</summary>
    public static DeviceAssignments None { get; } = new(ImmutableDictionary.Create<string, DeviceAssignment>(StringComparer.Ordinal));

    /// <summary>What a device does now, or null.</summary>
    public DeviceAssignment? Of(string device) => byDevice.GetValueOrDefault(device);

    /// <summary>Claims a device. A claim that stands already is granted again.</summary>
    /// <param name="device">Device name.</param>
    /// <param name="claim">What it is to do.</param>
    /// <param name="takeover">Take it from whatever it does now.</param>
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

    /// <summary>Releases a device, if it has this claim and not, by now, another one.</summary>
    public DeviceAssignments Release(string device, DeviceAssignment claim) =>
        Of(device) == claim ? new DeviceAssignments(byDevice.Remove(device)) : this;

    /// <summary>Claims all that a document binds, as after a restart; a device that another robot has already is left to it.</summary>
    public DeviceAssignments With(RobotDocument document)
    {
        var claims = this;
        if (document.Master is { Kind: MasterKind.Device } master)
            claims = claims.Claim(master.Name, new DeviceAssignment(document.Id, DeviceRole.Master), takeover: false).Claims;
        foreach (var slave in document.Slaves.Where(slave => slave.IsDevice))
            claims = claims.Claim(slave.Name, new DeviceAssignment(document.Id, DeviceRole.Slave), takeover: false).Claims;
        return claims;
    }

    /// <summary>Releases every device of a robot.</summary>
    public DeviceAssignments Without(string robot) =>
        new(byDevice.RemoveRange(byDevice.Where(entry => entry.Value.Robot == robot).Select(entry => entry.Key)));
}

/// <summary>What a claim came to.</summary>
/// <param name="Claims">The claims from now on.</param>
/// <param name="Refused">Why the device was not given, naming robot and role; or null.</param>
/// <param name="Lost">With a takeover: what the device did before; its robot must unbind it.</param>
public sealed record AssignmentResult(DeviceAssignments Claims, Refusal? Refused, DeviceAssignment? Lost);
