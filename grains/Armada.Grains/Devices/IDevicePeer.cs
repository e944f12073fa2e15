using System.Collections.Immutable;
using Orleans.Concurrency;

namespace Armada.Grains.Devices;

/// <summary>One process that devices connect to or robots run in; there is one in each silo and gateway.</summary>
[GrainInterfaceType("armada.device-peer"), Alias("armada.device-peer")]
public interface IDevicePeer : IGrainObserver
{
    /// <summary>Takes frames of devices that are connected elsewhere, and commands to devices that are connected here.</summary>
    [OneWay, Alias("take-samples")]
    Task TakeSamplesAsync([Immutable] ImmutableArray<DeviceMessage> samples);

    /// <summary>Answers when all samples that were sent before are taken, so that their sender knows how many are under way.</summary>
    [Alias("synchronize")]
    Task SynchronizeAsync();

    /// <summary>Takes control messages to devices that are connected here, and their replies, in order. The next batch is sent when this has ended.</summary>
    [Alias("take-control")]
    Task TakeControlAsync(IDevicePeer from, [Immutable] ImmutableArray<DeviceMessage> messages);

    /// <summary>Somebody taps a device in another process: that is shown what passes here, for a few seconds.</summary>
    [Alias("show")]
    Task ShowAsync(string device, IDevicePeer viewer);

    /// <summary>Takes what passes where a tapped device is connected.</summary>
    [OneWay, Alias("take-tapped")]
    Task TakeTappedAsync([Immutable] ImmutableArray<DeviceMessage> messages);

    /// <summary>The route of a device that is connected here, or whose robot runs here, is another one.</summary>
    [Alias("set-route")]
    Task SetRouteAsync(string device, DeviceRoute route);

    /// <summary>A device wants to connect elsewhere: ends its connection here, unless that lives and is another machine's.</summary>
    /// <param name="device">Its name.</param>
    /// <param name="instance">Of the machine that wants to connect; null where it gives none.</param>
    /// <returns>False where the connection here stands.</returns>
    [Alias("try-replace"), AlwaysInterleave]
    Task<bool> TryReplaceAsync(string device, string? instance);
}

/// <summary>A payload on a device's topic.</summary>
/// <param name="Topic">MQTT topic.</param>
/// <param name="Payload">Not changed any more.</param>
/// <param name="IsFromDevice">Whether the device has published it; otherwise it is for the device.</param>
[GenerateSerializer, Immutable, Alias("armada.device.message")]
public sealed record DeviceMessage([property: Id(0)] string Topic, [property: Id(1)] ImmutableArray<byte> Payload, [property: Id(2)] bool IsFromDevice);
