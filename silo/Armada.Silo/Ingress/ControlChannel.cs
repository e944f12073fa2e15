using System.Globalization;
using Armada.Core.Control;
using Armada.Core.Time;
using Armada.Core.Topics;
using Armada.Grains.Robots;
using Armada.Mqtt;
using Armada.Silo.Telemetry;

namespace Armada.Silo.Ingress;

/// <summary>
/// Control messages to devices and what became of them. Every message has an id that its reply carries. A stop or a reset is sent
/// again every second until the device confirms it, with the same id; the newer of the two takes the older one's place. The rest is
/// repeated by the robot core as long as frames show that it is needed.
/// </summary>
internal sealed partial class ControlChannel(
    IMqttLink link, FallbackControlChannel fallback, TopicMap topics, DevicePresences presences, SiloClock clock, SiloTelemetry telemetry, ILogger<ControlChannel> logger) : IDeviceControl
{
    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5); // Somebody waits.

    private readonly Lock sync = new();
    private readonly Dictionary<string, Sent> unanswered = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Sent> latches = new(StringComparer.Ordinal);
    // Silos of a cluster may start in the same second, and a device may hear of one after the other.
    private readonly string life = string.Create(
        CultureInfo.InvariantCulture, $"{clock.Now().Unix / Microseconds.PerSecond:x}{Random.Shared.Next(0x10000):x4}");

    private long lastId;

    public void StartStream(string device, uint epoch, double? rateHz) => Send(device, ControlOp.StreamStart, epoch, rateHz);

    public void StopStream(string device, uint epoch) => Send(device, ControlOp.StreamStop, epoch);

    public void Stop(string device) => Latch(device, ControlOp.Stop);

    public void Reset(string device) => Latch(device, ControlOp.Reset);

    public void Forget(string device)
    {
        lock (sync)
            latches.Remove(device);
    }

    public DeviceReport? FindReport(string device) => presences.Of(device);

    public UnconfirmedControl? FindUnconfirmed(string device)
    {
        lock (sync)
            return latches.TryGetValue(device, out var sent) ? new UnconfirmedControl(sent.Message.Op, sent.Refusal) : null;
    }

    public void Tick()
    {
        var now = clock.Now();
        lock (sync)
        {
            foreach (var sent in latches.Values)
            {
                if (sent.IsDue(now, Resend) && FindReport(sent.Device)?.Online != false && IsReached)
                {
                    if (sent.Resends++ == 0)
                        LogResending(sent.Message.Op, sent.Device, sent.Message.Id);
                    Publish(sent, now);
                }
            }

            foreach (var (id, sent) in unanswered)
            {
                if (!sent.IsDue(now, sent.Answer is null ? GiveUp : AnswerWithin))
                    continue;
                unanswered.Remove(id);
                sent.Answer?.TrySetResult(null);
                LogUnanswered(sent.Message.Op, sent.Device, id);
            }
        }
    }

    /// <summary>Sends a message and waits for its answer.</summary>
    /// <returns>The answer, or null where none came in time or the broker is not reached.</returns>
    public async Task<ControlReply?> AskAsync(string device, ControlMessage message, CancellationToken cancellation)
    {
        var answer = new TaskCompletionSource<ControlReply?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (sync)
        {
            if (link.State != LinkState.Up)
                return null;
            var sent = new Sent(device, message with { Id = NextId() }) { Answer = answer };
            unanswered[sent.Message.Id] = sent;
            Publish(sent, clock.Now());
        }

        return await answer.Task.WaitAsync(cancellation);
    }

    public void OnReply(string device, ControlReply reply)
    {
        Sent? sent;
        lock (sync)
        {
            if (latches.TryGetValue(device, out sent) && sent.Message.Id == reply.Id)
            {
                var isRepeated = sent.Refusal is not null;
                if (reply.Ok && latches.Remove(device) && sent.Message.Op == ControlOp.Stop)
                    telemetry.StopTime.Record((clock.Monotonic() - sent.AskedAt) / (double)Microseconds.PerSecond);
                if (!reply.Ok)
                    sent.Refusal = reply.Error ?? "it gives no reason";
                if (isRepeated && !reply.Ok)
                    return; // It is asked again every second; one line in the log is enough.
            }
            else if (!unanswered.TryGetValue(reply.Id, out sent) || sent.Device != device || !unanswered.Remove(reply.Id))
                sent = null;
        }

        sent?.Answer?.TrySetResult(reply);
        if (sent is null)
            LogUnexpected(device, reply.Id);
        else if (reply.Ok)
            LogDone(device, sent.Message.Op, reply.Id);
        else
            LogRefused(device, sent.Message.Op, reply.Id, reply.Error);
    }

    // Devices may have their connection where the silo has none.
    private bool IsReached => link.State == LinkState.Up || fallback.IsAvailable;

    private void Send(string device, ControlOp op, uint epoch, double? rateHz = null)
    {
        if (link.State != LinkState.Up)
            return; // The core repeats it when the device's frames are back.
        lock (sync)
        {
            var sent = new Sent(device, new ControlMessage(NextId(), op, epoch, rateHz));
            unanswered[sent.Message.Id] = sent;
            Publish(sent, clock.Now());
        }
    }

    private void Latch(string device, ControlOp op)
    {
        lock (sync)
        {
            var sent = latches[device] = new Sent(device, new ControlMessage(NextId(), op)) { AskedAt = clock.Monotonic() };
            if (IsReached)
                Publish(sent, clock.Now());
        }
    }

    private void Publish(Sent sent, Timestamp now)
    {
        sent.At = now;
        var (topic, payload) = (topics.Of(sent.Device, Channel.Control), ControlJson.Write(sent.Message));
        if (link.State == LinkState.Up)
            link.Publish(topic, payload, Delivery.Control);
        else
            fallback.Send(topic, payload);
        LogSent(sent.Device, sent.Message.Op, sent.Message.Epoch, sent.Message.Id);
    }

    private string NextId() => string.Create(CultureInfo.InvariantCulture, $"{life}-{++lastId}");

    [LoggerMessage(1200, LogLevel.Debug, "{Device} <- {Op} epoch {Epoch}, id {Id}")]
    private partial void LogSent(string device, ControlOp op, uint? epoch, string id);

    [LoggerMessage(1201, LogLevel.Warning, "{Op} to {Device} is not confirmed and is sent every second until it is, id {Id}")]
    private partial void LogResending(ControlOp op, string device, string id);

    [LoggerMessage(1202, LogLevel.Debug, "{Op} to {Device} was never answered, id {Id}")]
    private partial void LogUnanswered(ControlOp op, string device, string id);

    [LoggerMessage(1203, LogLevel.Debug, "{Device} did {Op}, id {Id}")]
    private partial void LogDone(string device, ControlOp op, string id);

    [LoggerMessage(1204, LogLevel.Warning, "{Device} refused {Op}, id {Id}: {Error}")]
    private partial void LogRefused(string device, ControlOp op, string id, string? error);

    [LoggerMessage(1205, LogLevel.Debug, "{Device} answered {Id}, which waits for no answer")]
    private partial void LogUnexpected(string device, string id);

    private sealed record Sent(string Device, ControlMessage Message)
    {
        public Timestamp? At { get; set; }

        /// <summary>Of a stop or reset, the monotonic clock in microseconds.</summary>
        public long AskedAt { get; init; }

        public int Resends { get; set; }

        public string? Refusal { get; set; }

        public TaskCompletionSource<ControlReply?>? Answer { get; init; }

        public bool IsDue(in Timestamp now, TimeSpan after) => At is not { } at || now.IsPast(at, after);
    }
}
