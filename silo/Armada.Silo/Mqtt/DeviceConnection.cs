using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Frames;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace Armada.Silo.Mqtt;

/// <summary>
/// A client's connection below MQTTnet. State frames are routed here, on the thread that read them, and commands are written here, in one
/// message where the client did not take them meanwhile. Every other packet is MQTTnet's.
/// </summary>
internal sealed class DeviceConnection : IMqttChannelAdapter
{
    private const int MaxFirstPacket = 8 * 1024;
    private const int MaxPacket = 64 * 1024;
    private const int MaxFrameMessage = 512; // A longer one takes MQTTnet's way.
    private const int MaxInFlight = 100; // Messages of QoS 1 that the client has not acknowledged.
    private const byte ConnectHeader = 0x10;
    private const byte SampleHeader = 0x30; // PUBLISH, QoS 0, not retained.

    // A client that gives no instance id is taken for dead when it was silent for this long; a board sends several poses a second.
    private static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan SurfaceInterval = TimeSpan.FromSeconds(1);

    private static long lastNumber;

    private readonly ConnectionContext connection;
    private readonly PipeReader input;
    private readonly PipeWriter output;
    private readonly DeviceRate rate;
    private readonly TimeProvider time;
    private readonly Lock writing = new();
    private readonly Dictionary<TopicRoute, PendingSample> pending = [];
    private readonly SemaphoreSlim sendQuota = new(MaxInFlight); // MQTT 5's word for how many more messages the client takes before it acknowledges one.
    private readonly Dictionary<ushort, int[]> subscribing = [];
    private Task? flushing; // The flush that the client's slowness holds up.
    private TopicRoute? state;
    private bool isV5;
    private bool hasConnected;
    private bool isClosed;
    private volatile bool isAborted;
    private long surfaced;
    private long heard;
    private int dirty;

    public DeviceConnection(ConnectionContext connection, DeviceRate rate, TimeProvider time)
    {
        (this.connection, this.rate, this.time) = (connection, rate, time);
        (input, output) = (connection.Transport.Input, connection.Transport.Output);
        ClientCertificate = connection.Features.Get<ITlsConnectionFeature>()?.ClientCertificate;
        CertificateName = ClientCertificate?.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
        CertificateSerial = ClientCertificate is null ? null : Convert.ToHexStringLower(ClientCertificate.SerialNumberBytes.Span);
        heard = time.GetTimestamp();
    }

    public X509Certificate2? ClientCertificate { get; }

    /// <summary>The name in the certificate; null without one.</summary>
    public string? CertificateName { get; }

    /// <summary>Lower-case hexadecimal; null without one.</summary>
    public string? CertificateSerial { get; }

    /// <summary>Who it is; null until CONNECT is accepted.</summary>
    public ClientIdentity? Identity { get; private set; }

    /// <summary>Of the machine that the agent runs on; null where the client gives none.</summary>
    public string? Instance { get; private set; }

    /// <summary>The one in its CONNECT; null before that.</summary>
    public string? ClientId { get; private set; }

    /// <summary>Topic of its last will; null without one.</summary>
    public string? WillTopic { get; private set; }

    /// <summary>Whether its protocol answers a publish with a reason code: MQTT 5.</summary>
    public bool HasReasonCodes => isV5;

    /// <summary>Whether the client has said that it goes, or has closed the connection.</summary>
    public bool IsLeaving { get; private set; }

    /// <summary>Where MQTTnet queues its control messages; null until it is connected.</summary>
    public MqttSessionStatus? Session { get; set; }

    /// <summary>Completes when MQTTnet has let go of it.</summary>
    public TaskCompletionSource Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Counts the connections of this process.</summary>
    public long Number { get; } = Interlocked.Increment(ref lastNumber);

    /// <summary>How many connections this process has had.</summary>
    public static long LastNumber => Interlocked.Read(ref lastNumber);

    private TimeSpan SilentFor => time.GetElapsedTime(Volatile.Read(ref heard));

    public long BytesReceived { get; private set; }

    public long BytesSent { get; private set; }

    public EndPoint? RemoteEndPoint => connection.RemoteEndPoint;

    public EndPoint? LocalEndPoint => connection.LocalEndPoint;

    public bool IsSecureConnection => ClientCertificate is not null;

    public MqttPacketFormatterAdapter PacketFormatterAdapter { get; } = new(new MqttBufferWriter(256, 4096));

    /// <summary>Its frames are routed from now on.</summary>
    /// <param name="identity">Who it is.</param>
    /// <param name="instance">Of the machine; null for none.</param>
    /// <param name="stateRoute">The topic of its frames.</param>
    /// <param name="receiveMaximum">How many messages of QoS 1 it takes before it acknowledges one; 0 where it does not say.</param>
    public void Admit(ClientIdentity identity, string? instance, TopicRoute stateRoute, int receiveMaximum)
    {
        (Identity, Instance, state) = (identity, instance, stateRoute);
        connection.Features.Get<LimitedConnection>()?.Dispose(); // Its name is used once, so that it needs no other limit.
        for (var excess = MaxInFlight - receiveMaximum; receiveMaximum > 0 && excess > 0; excess--)
            sendQuota.Wait(0);
    }

    /// <summary>Whether another client may take its name: it has left, is the same machine, or is dead.</summary>
    public bool IsReplaceableBy(string? instance) => IsLeaving || (instance is not null && instance == Instance) || SilentFor > DeadAfter;

    /// <summary>Ends it at once, also while the client's socket takes nothing.</summary>
    public void Abort(string reason)
    {
        isAborted = true;
        connection.Abort(new ConnectionAbortedException(reason));
    }

    public Task ConnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task DisconnectAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Lets go of the transport, which Kestrel then closes; of one that was aborted nothing more is written.</summary>
    public async Task CloseAsync()
    {
        Task? stalled;
        lock (writing)
        {
            isClosed = true;
            stalled = flushing;
        }

        if (stalled is not null)
        {
            Abort("the client takes nothing");
            await stalled;
        }

        if (isAborted)
            await output.CompleteAsync(new ConnectionAbortedException());
    }

    public void ResetStatistics() => BytesReceived = BytesSent = 0;

    public void Dispose()
    {
        sendQuota.Dispose();
        ClientCertificate?.Dispose();
    }

    public async Task<MqttPacket?> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        using var canceled = cancellationToken.UnsafeRegister(static reader => ((PipeReader)reader!).CancelPendingRead(), input);
        while (true)
        {
            await rate.WaitAsync(cancellationToken);
            ReadResult read;
            try
            {
                read = await input.ReadAsync(CancellationToken.None); // Awaited here: a method of its own would allocate at each read.
            }
            catch (Exception broken) when (broken is IOException or ConnectionAbortedException)
            {
                IsLeaving = true;
                throw new MqttCommunicationException(broken.Message, broken);
            }

            if (read.IsCanceled || cancellationToken.IsCancellationRequested)
            {
                input.AdvanceTo(read.Buffer.Start);
                throw new OperationCanceledException(cancellationToken);
            }

            Volatile.Write(ref heard, time.GetTimestamp());
            var buffer = read.Buffer;
            var consumed = buffer.End; // Of what cannot be read, nothing is read again.
            MqttPacket? packet = null;
            try
            {
                consumed = Take(buffer, out packet);
            }
            finally
            {
                input.AdvanceTo(consumed, packet is null ? buffer.End : consumed); // Behind a packet the next one may have come too.
            }

            if (packet is not null)
                return packet;
            IsLeaving |= read.IsCompleted;
            if (read.IsCompleted)
                throw new MqttCommunicationException("the client closed the connection");
        }
    }

    public async Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken)
    {
        switch (packet)
        {
            case MqttConnAckPacket accepted:
                accepted.TopicAliasMaximum = 0;
                accepted.MaximumPacketSize = MaxPacket;
                accepted.MaximumQoS = MqttQualityOfServiceLevel.AtLeastOnce;
                accepted.ReceiveMaximum = MaxInFlight;
                break;
            case MqttSubAckPacket granted:
                RestoreOrder(granted);
                break;
            case MqttPublishPacket { QualityOfServiceLevel: not MqttQualityOfServiceLevel.AtMostOnce }:
                await sendQuota.WaitAsync(cancellationToken);
                break;
        }

        while (!TryWrite(packet, out var wait))
            await wait.WaitAsync(cancellationToken);
    }

    /// <summary>Sends a sample; while the client does not take bytes, it waits behind those of its topic, or takes their place.</summary>
    /// <returns>False where the connection has ended.</returns>
    public bool Send(TopicRoute route, ReadOnlySpan<byte> payload)
    {
        lock (writing)
        {
            if (isClosed)
                return false;
            if (flushing is null)
            {
                Write(route, payload);
                Flush();
                return true;
            }

            if (!pending.TryGetValue(route, out var waiting))
                pending[route] = waiting = new PendingSample();
            if (waiting.Put(payload))
                dirty++;
            return true;
        }
    }

    /// <summary>Queues a control message; false where the connection has ended, or too many wait.</summary>
    public bool TryEnqueue(MqttApplicationMessage message) => Session?.TryEnqueueApplicationMessage(message, out _) == true;

    private SequencePosition Take(ReadOnlySequence<byte> buffer, out MqttPacket? packet)
    {
        packet = null;
        Span<byte> scratch = stackalloc byte[MaxFrameMessage];
        while (TryReadHeader(buffer, out var header, out var body))
        {
            var size = buffer.Slice(0, body.End).Length;
            BytesReceived += size;
            var isWithinRate = rate.Count(size);
            if (header == SampleHeader && state is not null && body.Length <= MaxFrameMessage && TryRoute(Contiguous(body, scratch), isWithinRate))
            {
                buffer = buffer.Slice(body.End);
                continue;
            }

            packet = Decode(new ReceivedMqttPacket(header, body.ToArray(), (int)size));
            return body.End;
        }

        return buffer.Start;
    }

    private static ReadOnlySpan<byte> Contiguous(in ReadOnlySequence<byte> body, Span<byte> scratch)
    {
        if (body.IsSingleSegment)
            return body.FirstSpan;
        body.CopyTo(scratch);
        return scratch[..(int)body.Length];
    }

    private bool TryReadHeader(in ReadOnlySequence<byte> buffer, out byte header, out ReadOnlySequence<byte> body)
    {
        const int MaxLengthBits = 28;
        body = default;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out header))
            return false;
        var length = 0;
        for (var shift = 0; ; shift += 7)
        {
            if (shift == MaxLengthBits)
                throw new MqttProtocolViolationException("The remaining length has more than four bytes.");
            if (!reader.TryRead(out var digit))
                return false;
            length |= (digit & 0x7F) << shift;
            if ((digit & 0x80) == 0)
                break;
        }

        if (length > (hasConnected ? MaxPacket : MaxFirstPacket))
            throw new MqttProtocolViolationException($"The packet has {length} bytes, which is too many.");
        if (reader.Remaining < length)
            return false;
        body = reader.UnreadSequence.Slice(0, length);
        return true;
    }

    // Whatever is not exactly a frame on the device's own topic is looked at by MQTTnet and the rules.
    private bool TryRoute(ReadOnlySpan<byte> message, bool isWithinRate)
    {
        ReadOnlySpan<byte> topic = state!.Utf8;
        if (message.Length < 2 + topic.Length + (isV5 ? 1 : 0)
            || BinaryPrimitives.ReadUInt16BigEndian(message) != topic.Length
            || !message.Slice(2, topic.Length).SequenceEqual(topic))
        {
            return false;
        }

        var payload = message[(2 + topic.Length)..];
        if (isV5)
        {
            if (payload[0] != 0)
                return false; // It has properties.
            payload = payload[1..];
        }

        if (!isWithinRate)
            return true;
        if (time.GetElapsedTime(surfaced) > SurfaceInterval)
        {
            surfaced = time.GetTimestamp(); // MQTTnet's keep-alive counts the packets that it sees.
            return false;
        }

        state.Receive(payload);
        return true;
    }

    private MqttPacket Decode(ReceivedMqttPacket received)
    {
        if (!hasConnected)
        {
            if (received.FixedHeader != ConnectHeader)
                throw new MqttProtocolViolationException("The first packet is not CONNECT.");
            PacketFormatterAdapter.DetectProtocolVersion(received);
        }

        var packet = PacketFormatterAdapter.Decode(received) ?? throw new MqttProtocolViolationException("The packet is malformed.");
        switch (packet)
        {
            case MqttConnectPacket when hasConnected:
                throw new MqttProtocolViolationException("CONNECT came twice.");
            case MqttConnectPacket connect:
                hasConnected = true;
                ClientId = connect.ClientId;
                WillTopic = connect.WillFlag ? connect.WillTopic : null;
                isV5 = PacketFormatterAdapter.ProtocolVersion == MqttProtocolVersion.V500;
                break;
            case MqttDisconnectPacket:
                IsLeaving = true;
                break;
            case MqttPubAckPacket when sendQuota.CurrentCount < MaxInFlight:
                sendQuota.Release();
                break;
            case MqttSubscribePacket { TopicFilters.Count: > 1 } subscribe:
                lock (writing)
                    subscribing[subscribe.PacketIdentifier] = OrderOf(subscribe);
                break;
        }

        return packet;
    }

    // MQTTnet answers in the order of the QoS, MQTT wants the order of the question [MQTT-3.9.3-1].
    private static int[] OrderOf(MqttSubscribePacket subscribe) =>
        [.. subscribe.TopicFilters.Select((filter, index) => (filter.QualityOfServiceLevel, index)).OrderByDescending(asked => asked.QualityOfServiceLevel).Select(asked => asked.index)];

    private void RestoreOrder(MqttSubAckPacket granted)
    {
        int[]? order;
        lock (writing)
            subscribing.Remove(granted.PacketIdentifier, out order);
        if (order is null || order.Length != granted.ReasonCodes.Count)
            return;
        var codes = granted.ReasonCodes.ToArray();
        for (var index = 0; index < order.Length; index++)
            granted.ReasonCodes[order[index]] = codes[index];
    }

    private bool TryWrite(MqttPacket packet, out Task wait)
    {
        lock (writing)
        {
            wait = flushing ?? Task.CompletedTask;
            if (isClosed)
                return true; // Nobody is told any more.
            if (flushing is not null)
                return false;
            var encoded = PacketFormatterAdapter.Encode(packet);
            output.Write(encoded.Packet);
            foreach (var part in encoded.Payload)
                output.Write(part.Span);
            BytesSent += encoded.Length;
            PacketFormatterAdapter.Cleanup();
            Flush();
            return true;
        }
    }

    private void Write(TopicRoute route, ReadOnlySpan<byte> payload)
    {
        ReadOnlySpan<byte> topic = route.Utf8;
        var length = 2 + topic.Length + (isV5 ? 1 : 0) + payload.Length;
        var packet = output.GetSpan(length + 5);
        var at = 0;
        packet[at++] = SampleHeader;
        for (var rest = length; ; rest >>= 7)
        {
            var isLast = rest < 0x80;
            packet[at++] = (byte)(isLast ? rest : (rest & 0x7F) | 0x80);
            if (isLast)
                break;
        }

        BinaryPrimitives.WriteUInt16BigEndian(packet[at..], (ushort)topic.Length);
        at += 2;
        topic.CopyTo(packet[at..]);
        at += topic.Length;
        if (isV5)
            packet[at++] = 0; // No properties.
        payload.CopyTo(packet[at..]);
        output.Advance(at + payload.Length);
        BytesSent += at + payload.Length;
    }

    private void Flush()
    {
        var flush = output.FlushAsync();
        if (flush.IsCompletedSuccessfully)
            isClosed |= flush.Result.IsCompleted;
        else
            flushing = FinishAsync(flush);
    }

    private async Task FinishAsync(ValueTask<FlushResult> flush)
    {
        await Task.Yield(); // The caller holds the lock.
        try
        {
            while (true)
            {
                var isOver = (await flush).IsCompleted;
                lock (writing)
                {
                    isClosed |= isOver;
                    if (isClosed || dirty == 0)
                    {
                        flushing = null;
                        return;
                    }

                    WritePending();
                    flush = output.FlushAsync();
                }
            }
        }
        catch (Exception broken)
        {
            lock (writing)
                (isClosed, flushing) = (true, null);
            Abort(broken.Message);
        }
    }

    private void WritePending()
    {
        foreach (var (route, waiting) in pending)
        {
            if (waiting.TryTake(out var payload))
                Write(route, payload);
        }

        dirty = 0;
    }

    /// <summary>What waits for the client of one topic: frames, up to some number, or the newest sample.</summary>
    private sealed class PendingSample
    {
        private byte[] bytes = [];
        private int length;
        private bool isWaiting;

        /// <summary>True where none was waiting.</summary>
        public bool Put(ReadOnlySpan<byte> payload)
        {
            var start = isWaiting && FrameCodec.MayJoin(bytes.AsSpan(0, length), payload) ? length : 0;
            if (bytes.Length < start + payload.Length)
                Array.Resize(ref bytes, Math.Max(2 * bytes.Length, start + payload.Length));
            payload.CopyTo(bytes.AsSpan(start));
            (length, var wasWaiting, isWaiting) = (start + payload.Length, isWaiting, true);
            return !wasWaiting;
        }

        public bool TryTake(out ReadOnlySpan<byte> payload)
        {
            payload = bytes.AsSpan(0, length);
            (var wasWaiting, isWaiting) = (isWaiting, false);
            return wasWaiting;
        }
    }
}
