using System.Text.Json.Serialization;

namespace Armada.Core.Control;

[JsonConverter(typeof(ControlOpConverter))]
public enum ControlOp
{
    /// <summary>Leader: stream state at a rate, stamped with an epoch. Follower: accept commands of that epoch and none older.</summary>
    [JsonStringEnumMemberName("stream-start")] StreamStart,

    /// <summary>End of the above: a leader falls back to keep-alives with epoch 0, a follower holds.</summary>
    [JsonStringEnumMemberName("stream-stop")] StreamStop,

    [JsonStringEnumMemberName("torque")] Torque,

    /// <summary>Latched stop: hold the pose and refuse commands until a reset.</summary>
    [JsonStringEnumMemberName("stop")] Stop,

    [JsonStringEnumMemberName("reset")] Reset,

    /// <summary>Calibration; its payload comes with the issue that brings the procedure.</summary>
    [JsonStringEnumMemberName("calibrate")] Calibrate,

    /// <summary>Show which arm this is, by a servo's LED or a small move.</summary>
    [JsonStringEnumMemberName("identify")] Identify,

    /// <summary>Make a new key, keep it, and answer with a request (PKCS #10) for a certificate on it.</summary>
    [JsonStringEnumMemberName("renew")] Renew,

    /// <summary>The certificate for the key made before: keep both, and reconnect with them.</summary>
    [JsonStringEnumMemberName("certificate")] Certificate,

    /// <summary>Follower: clear what one joint's servo has latched, as an overload. The other joints go on.</summary>
    [JsonStringEnumMemberName("recover")] Recover,
}

/// <summary>Operations by name alone: a number is none, or a forgotten field would start a stream.</summary>
internal sealed class ControlOpConverter() : JsonStringEnumConverter<ControlOp>(namingPolicy: null, allowIntegerValues: false);

/// <summary>A control message, silo to device.</summary>
/// <param name="Id">Chosen by the sender; the reply carries it.</param>
/// <param name="Epoch">With stream-start and stream-stop: the fencing number.</param>
/// <param name="RateHz">With stream-start to a leader: most frames per second, absent for the device's own rate. To a follower: what its master sends, where
/// that is slow.</param>
/// <param name="On">With torque: on or off.</param>
/// <param name="Certificate">With certificate: the certificate, PEM.</param>
/// <param name="Authorities">With certificate: the authorities that are to be trusted from now on, PEM; absent where they stay.</param>
/// <param name="Joint">With recover: the joint's name.</param>
public sealed record ControlMessage(
    string Id,
    ControlOp Op,
    uint? Epoch = null,
    double? RateHz = null,
    bool? On = null,
    string? Certificate = null,
    string? Authorities = null,
    string? Joint = null);

/// <summary>A device's answer.</summary>
/// <param name="Error">Why not.</param>
/// <param name="Csr">To renew: the request, PKCS #10 in PEM.</param>
public sealed record ControlReply(string Id, bool Ok, string? Error = null, string? Csr = null);

/// <summary>What a device says of itself, retained at the broker.</summary>
/// <param name="Online">False in the last will.</param>
/// <param name="Kind">The device kind, such as so101-leader.</param>
/// <param name="Agent">Version of the agent.</param>
/// <param name="Joints">Joint names in the order of its frames.</param>
/// <param name="Voltage">Lowest supply voltage of its servos, volts.</param>
/// <param name="Temperatures">Per joint, °C.</param>
/// <param name="Faults">Each fault in words that name the joint, empty when well.</param>
/// <param name="State">What the device does now: connecting, missing, idle, streaming, holding, approaching, tracking, stopped, torque-off, parking, faulted.</param>
/// <param name="Counters">Counts since the agent started, such as ticks, ticks.late, dropped.stale-epoch.</param>
/// <param name="Certificate">SHA-256 of the certificate it connected with, 64 lower-case hexadecimal digits; absent without one.</param>
/// <param name="Playout">Of a follower: how its master's motion comes over the network and is played; absent while none does.</param>
/// <param name="Paths">Of a device with a second path: the first and the second. In a last will: that only the first is known to be lost.</param>
public sealed record Presence(
    bool Online,
    string? Kind = null,
    string? Agent = null,
    IReadOnlyList<string>? Joints = null,
    double? Voltage = null,
    IReadOnlyList<double>? Temperatures = null,
    IReadOnlyList<string>? Faults = null,
    string? State = null,
    IReadOnlyDictionary<string, long>? Counters = null,
    string? Certificate = null,
    PlayoutReport? Playout = null,
    IReadOnlyList<PathPresence>? Paths = null);

/// <summary>One of a device's two connections; counts since the agent started.</summary>
/// <param name="Connected">Whether it is.</param>
/// <param name="Interface">The network interface or local address it is made from; absent where the machine chooses.</param>
/// <param name="Sent">State frames given to it.</param>
/// <param name="Received">Commands that came by it.</param>
/// <param name="First">Of these, the ones that had not come by the other one.</param>
[GenerateSerializer, Immutable, Alias("armada.device.path")]
public sealed record PathPresence(
    [Id(0)] bool Connected,
    [Id(1)] string? Interface = null,
    [Id(2)] long Sent = 0,
    [Id(3)] long Received = 0,
    [Id(4)] long First = 0);

/// <summary>How a follower plays its master's motion. Times are beyond the fastest frame of the last seconds, since clocks are not compared.</summary>
/// <param name="NetworkMs">How much later than the fastest frame the median one comes.</param>
/// <param name="JitterMs">The same of the 95th percentile.</param>
/// <param name="DelayMs">How much later than the fastest frame comes its pose is played.</param>
/// <param name="Rate">Of playing: 1, and up to 1.5 while it catches up.</param>
/// <param name="Underruns">Times that no frame was there in time while the master moved.</param>
/// <param name="CatchUps">Times that it had to catch up.</param>
/// <param name="Summary">In words, such as "network +24 ms".</param>
[GenerateSerializer, Immutable, Alias("armada.playout.report")]
public sealed record PlayoutReport(
    [Id(0)] double NetworkMs,
    [Id(1)] double JitterMs,
    [Id(2)] double DelayMs,
    [Id(3)] double Rate,
    [Id(4)] long Underruns,
    [Id(5)] long CatchUps,
    [Id(6)] string Summary);
