using Armada.Core.Devices;

namespace Armada.Grains.State;

/// <summary>What a device's grain stores.</summary>
[GenerateSerializer, Alias("armada.state.device")]
public sealed class DeviceState
{
    /// <summary>The robot that the device serves and its role there, or null where it serves none.</summary>
    [Id(0)]
    public DeviceAssignment? Claim { get; set; }
}
