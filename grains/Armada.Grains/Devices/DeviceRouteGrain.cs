using System.Collections.Immutable;
using Armada.Core.Control;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Placement;

namespace Armada.Grains.Devices;

/// <summary>
/// Brings the process that a device is connected to and the one where its robot runs together, and admits one machine under a device's
/// name at a time. Messages do not pass through it.
/// </summary>
[GrainType("armada.device-route"), PreferLocalPlacement, Reentrant]
public sealed partial class DeviceRouteGrain(TimeProvider time, ILogger<DeviceRouteGrain> logger) : Grain, IDeviceRouteGrain
{
    /// <summary>A process that has not announced itself for this long is lost.</summary>
    public static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(6);

    // A process that does not answer in this time is gone, or its device is dead to it.
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(1);

    // The same machine may connect whatever the old process says, which may have been killed a moment ago.
    private static readonly TimeSpan NoticeWithin = TimeSpan.FromMilliseconds(200);

    private readonly Guid source = Guid.NewGuid();
    private Announced? endpoint;
    private Announced? second; // Where its second path is.
    private Announced? robot;
    private ImmutableArray<byte> presence = [];
    private long version;

    public async Task<bool> ConnectAsync(IDevicePeer peer, DeviceClaim claim)
    {
        while (endpoint is { Claim.IsConnected: true } other && !other.Peer.Equals(peer))
        {
            if (!IsLost(other) && !await TryReplaceAsync(other, claim.Instance))
                return false;
            if (endpoint == other)
                endpoint = null;
        }

        endpoint = new Announced(peer, claim, time.GetTimestamp());
        await PublishAsync(peer);
        if (second is { } others && others.Claim.SecondInstance != claim.Instance)
            second = null; // Its process has just cut it.
        return true;
    }

    public async Task<bool> ConnectSecondAsync(IDevicePeer peer, DeviceClaim claim)
    {
        if ((endpoint is { Claim.IsConnected: true } one && !IsLost(one) && one.Claim.Instance != claim.SecondInstance)
            || (second is { } other && !IsLost(other) && other.Claim.SecondInstance != claim.SecondInstance && endpoint is not { Claim.IsConnected: true }))
        {
            return false;
        }

        var before = second?.Peer;
        second = new Announced(peer, claim, time.GetTimestamp());
        await PublishAsync(peer, before);
        return true;
    }

    public async Task<DeviceRoute> AnnounceAsync(IDevicePeer peer, DeviceClaim claim)
    {
        var hasChanged = SetRobot(peer, claim) | SetEndpoint(peer, claim) | SetSecond(peer, claim) | DropLost();
        return hasChanged ? await PublishAsync(peer) : Route;
    }

    public Task<DeviceRoute> ReadAsync() => Task.FromResult(Route);

    private string Device => this.GetPrimaryKeyString();

    private DeviceRoute Route => new(
        source,
        version,
        endpoint is { Claim.IsConnected: true } ? endpoint.Peer : null,
        endpoint is { Claim.IsConnected: true } ? endpoint.Claim.Silo : null,
        robot?.Peer,
        presence,
        endpoint is { Claim.IsConnected: true } ? endpoint.Claim.Instance : null,
        second?.Peer);

    private bool IsLost(Announced announced) => time.GetElapsedTime(announced.At) > LostAfter;

    private bool SetRobot(IDevicePeer peer, DeviceClaim claim)
    {
        var isSame = robot?.Peer.Equals(peer) == true;
        if (claim.HasRobot)
            robot = new Announced(peer, claim, time.GetTimestamp());
        else if (isSame)
            robot = null;
        return claim.HasRobot != isSame;
    }

    // The process of the newest connection speaks for the device, also after that connection has ended; another one does where there is none.
    private bool SetEndpoint(IDevicePeer peer, DeviceClaim claim)
    {
        var isOwner = endpoint?.Peer.Equals(peer) == true && claim.Connection >= endpoint.Claim.Connection;
        if (!isOwner && !(claim.IsConnected && endpoint is not { Claim.IsConnected: true }))
            return false;
        var hasChanged = endpoint is null || !isOwner || endpoint.Claim.IsConnected != claim.IsConnected || !IsSaid(claim.Presence);
        endpoint = new Announced(peer, claim, time.GetTimestamp());
        if (!claim.Presence.IsDefaultOrEmpty)
            presence = claim.Presence;
        return hasChanged;
    }

    private bool SetSecond(IDevicePeer peer, DeviceClaim claim)
    {
        var before = second;
        var isFree = before is null || IsLost(before) || before.Peer.Equals(peer);
        if (isFree)
            second = claim.SecondInstance is null ? null : new Announced(peer, claim, time.GetTimestamp());
        return second?.Peer.Equals(before?.Peer) != true && (second ?? before) is not null;
    }

    private bool IsSaid(ImmutableArray<byte> said) => said.IsDefaultOrEmpty || said.AsSpan().SequenceEqual(presence.AsSpan());

    // Its last will is lost with the process.
    private bool DropLost()
    {
        if (endpoint is not { Claim.IsConnected: true } silent || !IsLost(silent))
            return false;
        LogLost(Device);
        endpoint = null;
        presence = [.. ControlJson.Write(new Presence(Online: false))];
        return true;
    }

    private async Task<bool> TryReplaceAsync(Announced other, string? instance)
    {
        var isSameMachine = instance is not null && instance == other.Claim.Instance;
        var asked = other.Peer.TryReplaceAsync(Device, instance);
        return !await HasEndedAsync(asked, isSameMachine ? NoticeWithin : AnswerWithin) || isSameMachine || await asked;
    }

    private async Task<DeviceRoute> PublishAsync(IDevicePeer caller, IDevicePeer? before = null)
    {
        version++;
        var route = Route;
        var others = new[] { endpoint?.Peer, robot?.Peer, second?.Peer, before }.OfType<IDevicePeer>().Where(peer => !peer.Equals(caller)).Distinct();
        await Task.WhenAll(others.Select(peer => SendAsync(peer, route)));
        return route;
    }

    // A process that lives and has not heard it asks again in two seconds.
    private Task<bool> SendAsync(IDevicePeer peer, DeviceRoute route) => HasEndedAsync(peer.SetRouteAsync(Device, route), AnswerWithin);

    private async Task<bool> HasEndedAsync(Task call, TimeSpan limit)
    {
        try
        {
            await call.WaitAsync(limit, time);
            return true;
        }
        catch (Exception gone)
        {
            LogNoAnswer(gone, Device);
            _ = call.ContinueWith(static late => late.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return false;
        }
    }

    [LoggerMessage(1645, LogLevel.Warning, "{Device}: the process that it was connected to is silent")]
    private partial void LogLost(string device);

    [LoggerMessage(1646, LogLevel.Information, "{Device}: a process that it was connected to, or its robot's, does not answer")]
    private partial void LogNoAnswer(Exception gone, string device);

    private sealed record Announced(IDevicePeer Peer, DeviceClaim Claim, long At);
}
