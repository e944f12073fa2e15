using Armada.Grains.Contracts.Devices;
using Armada.Grains.Contracts.Robots;

namespace Armada.EdgeAgent.Orleans;

/// <summary>What a device asks of the cluster. Either call may fail with anything that says that the cluster was not reached.</summary>
internal interface IFleetCalls
{
    /// <summary>The robot that the device serves, or null.</summary>
    Task<string?> ClaimAsync(string device);

    /// <summary>Gives a robot the state of one of its devices; false where it is none of its own.</summary>
    Task<bool> TakeStateAsync(string robot, string device, ReadOnlyMemory<byte> frame);
}

/// <summary>The same as grain calls.</summary>
internal sealed class GrainCalls(IGrainFactory grains) : IFleetCalls
{
    /// <inheritdoc/>
    public async Task<string?> ClaimAsync(string device) => (await grains.GetGrain<IDeviceGrain>(device).ClaimAsync())?.Robot;

    /// <inheritdoc/>
    public Task<bool> TakeStateAsync(string robot, string device, ReadOnlyMemory<byte> frame) =>
        grains.GetGrain<IRobotGrain>(robot).TakeStateAsync(device, frame);
}
