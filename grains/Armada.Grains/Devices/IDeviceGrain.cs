using Armada.Core.Devices;
using Armada.Core.Engine;
using Armada.Core.Robots;
using Armada.Grains.Robots;
using Orleans.Concurrency;

namespace Armada.Grains.Devices;

/// <summary>One device; its key is the device's name. It serves one robot in one role: its bindings are made here, one after another.</summary>
[GrainInterfaceType("armada.device"), Alias("armada.device")]
public interface IDeviceGrain : IGrainWithStringKey
{
    /// <summary>Binds the device to a robot; refused where it serves another and takeover is not asked for.</summary>
    /// <param name="observer">The process that asks.</param>
    /// <param name="robot">Robot id.</param>
    /// <param name="request">A <see cref="RobotRequest.BindMaster"/> or <see cref="RobotRequest.BindSlave"/> of this device.</param>
    [Alias("bind")]
    Task<RobotReply> BindAsync(IRobotObserver observer, string robot, RobotRequest request);

    /// <summary>What the device does as far as it knows, or null; the robot's own bindings are what counts.</summary>
    [Alias("assignment"), AlwaysInterleave]
    Task<DeviceAssignment?> GetAssignmentAsync();
}
