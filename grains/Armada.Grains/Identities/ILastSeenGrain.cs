using System.Collections.Immutable;
using Orleans.Concurrency;

namespace Armada.Grains.Identities;

/// <summary>When each device was last seen, and how. There is one, under <see cref="Key"/>.</summary>
[GrainInterfaceType("armada.last-seen"), Alias("armada.last-seen")]
public interface ILastSeenGrain : IGrainWithStringKey
{
    /// <summary>The key of the only one.</summary>
    const string Key = "last-seen";

    /// <summary>Takes what a process has seen; of two the later one stands. It is stored within a minute.</summary>
    [Alias("record")]
    Task RecordAsync(ImmutableArray<SeenDevice> seen);

    /// <summary>Those of these devices that were ever seen.</summary>
    [Alias("read"), AlwaysInterleave]
    Task<ImmutableArray<SeenDevice>> ReadAsync(ImmutableArray<string> devices);

    [Alias("forget")]
    Task ForgetAsync(string device);
}

/// <param name="Online">Whether it said that it is connected.</param>
/// <param name="Certificate">Fingerprint of the one it said it is connected with; or null.</param>
[GenerateSerializer, Immutable, Alias("armada.last-seen.device")]
public sealed record SeenDevice(
    [property: Id(0)] string Name, [property: Id(1)] DateTimeOffset At, [property: Id(2)] bool Online, [property: Id(3)] string? Certificate);
