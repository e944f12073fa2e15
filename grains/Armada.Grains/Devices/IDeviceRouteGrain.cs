using System.Collections.Immutable;

namespace Armada.Grains.Devices;

/// <summary>
/// Where one device is connected and where its robot runs; its key is the device's name. Nothing of it is stored: the processes concerned
/// say it every few seconds, so that it is known again soon after the silo of this grain was lost.
/// </summary>
[GrainInterfaceType("armada.device-route"), Alias("armada.device-route")]
public interface IDeviceRouteGrain : IGrainWithStringKey
{
    /// <summary>A device wants to connect to a process; false while another machine is connected under its name.</summary>
    [Alias("connect")]
    Task<bool> ConnectAsync(IDevicePeer peer, DeviceClaim claim);

    /// <summary>A device wants to connect to a process by its second path; false while another machine is connected under its name.</summary>
    [Alias("connect-second")]
    Task<bool> ConnectSecondAsync(IDevicePeer peer, DeviceClaim claim);

    /// <summary>What a process has to do with the device; due at each change and every two seconds.</summary>
    [Alias("announce")]
    Task<DeviceRoute> AnnounceAsync(IDevicePeer peer, DeviceClaim claim);

    [Alias("read")]
    Task<DeviceRoute> ReadAsync();
}

/// <summary>What one process has to do with a device.</summary>
/// <param name="Connection">Number of the newest connection that the device had to it, 0 for none; later ones have higher numbers.</param>
/// <param name="IsConnected">Whether that connection stands.</param>
/// <param name="Instance">Of the machine that is connected, or null.</param>
/// <param name="Presence">What the device said of itself last, on that connection; empty for nothing.</param>
/// <param name="HasRobot">Whether the robot that the device serves runs in the process.</param>
/// <param name="Silo">The process, where it is a silo.</param>
/// <param name="SecondInstance">Of the machine whose second path is connected to it; null while none is.</param>
[GenerateSerializer, Immutable, Alias("armada.device.claim")]
public sealed record DeviceClaim(
    [property: Id(0)] long Connection,
    [property: Id(1)] bool IsConnected,
    [property: Id(2)] string? Instance,
    [property: Id(3)] ImmutableArray<byte> Presence,
    [property: Id(4)] bool HasRobot,
    [property: Id(5)] SiloAddress? Silo,
    [property: Id(6)] string? SecondInstance = null);

/// <summary>Between which processes a device's messages go.</summary>
/// <param name="Source">The grain's activation, which numbers its routes.</param>
/// <param name="Version">The newer one of an activation's routes has the higher number.</param>
/// <param name="Endpoint">Where the device is connected; null for nowhere.</param>
/// <param name="EndpointSilo">The same, where it is a silo.</param>
/// <param name="Robot">Where its robot runs; null for nowhere.</param>
/// <param name="Presence">What the device said of itself last; empty for nothing.</param>
/// <param name="Instance">Of the machine that is connected; null where none is, or it gives none.</param>
/// <param name="Second">Where the device's second path is connected; null for nowhere.</param>
[GenerateSerializer, Immutable, Alias("armada.device.route")]
public sealed record DeviceRoute(
    [property: Id(0)] Guid Source,
    [property: Id(1)] long Version,
    [property: Id(2)] IDevicePeer? Endpoint,
    [property: Id(3)] SiloAddress? EndpointSilo,
    [property: Id(4)] IDevicePeer? Robot,
    [property: Id(5)] ImmutableArray<byte> Presence,
    [property: Id(6)] string? Instance = null,
    [property: Id(7)] IDevicePeer? Second = null);
