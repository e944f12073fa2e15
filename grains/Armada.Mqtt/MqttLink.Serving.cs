using MQTTnet.Packets;
using MQTTnet.Protocol;

namespace Armada.Mqtt;

/// <content>One connection, from CONNECT to its end.</content>
public sealed partial class MqttLink
{
    private const string NoAnswer = "no answer in time";

    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private volatile Connection? connection;
    private MqttConnAckPacket? accepted;
    private volatile bool isRefused;
    private volatile bool isLeaving;
    private volatile int handlingThread;
    private long lastRead;
    private long pinged;

    private async Task<ConnectionEnd> ServeAsync(Connection connection)
    {
        var began = time.GetTimestamp();
        (isRefused, isLeaving, lastRead, pinged) = (false, false, began, 0);
        lock (lifecycle) asked.Clear();
        outbox.Attach(connection);
        outbox.Put(Greeting());
        this.connection = connection;
        await using var ticks = time.CreateTimer(_ => Watch(connection, began), null, Tick, Tick);
        connection.Flush();
        var reading = Task.Factory.StartNew(
            () => Read(connection), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        await Task.WhenAny(reading, stop.Task, anew.Task);
        if (!reading.IsCompleted) await SayGoodbyeAsync(connection, reading);
        await reading;
        var reason = connection.EndReason ?? "the broker closed the connection";

        // In TLS 1.3 the broker looks at our certificate when for us the handshake is over: its refusal is the end that comes then.
        var isRefusal = isRefused || (options.Tls is not null && accepted is null && reason != NoAnswer);
        return new(reason, WasUp: state is LinkState.Up, isRefusal);
    }

    /// <summary>On a thread of its own: reads, and lets the handlers work.</summary>
    private void Read(Connection connection)
    {
        Thread.CurrentThread.Name = $"mqtt {options.ClientId}";
        var packets = new PacketReader();
        try
        {
            while (connection.Read(packets.Room()) is > 0 and var count)
            {
                packets.Filled(count);
                Volatile.Write(ref lastRead, time.GetTimestamp());
                Handle(packets, connection);
                connection.Flush();
                connection.AcknowledgeAtOnce();
            }
        }
#pragma warning disable CA1031 // The top of the reading: whatever stops it, a malformed packet too, ends the connection, which says so.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            connection.End(InnermostOf(fault));
        }
    }

    private void Handle(PacketReader packets, Connection connection)
    {
        handlingThread = Environment.CurrentManagedThreadId;
        try
        {
            while (packets.TryTake(out var first, out var body))
            {
                if (isLeaving) continue;
                Handle(first, body);
                if (outbox.HasMuch) connection.Flush();
            }
        }
        finally
        {
            handlingThread = 0;
        }
    }

    /// <summary>Each second: does the broker answer, is it time for a sign of life.</summary>
    private void Watch(Connection connection, long began)
    {
        var patience = options.KeepAlive;
        if (accepted is { ServerKeepAlive: > 0 and var wish }) patience = TimeSpan.FromSeconds(Math.Min(patience.TotalSeconds, wish));
        if (state is LinkState.Down && time.GetElapsedTime(began) > AttemptLimit) connection.End(NoAnswer);
        if (Volatile.Read(ref lastRead) >= pinged) pinged = 0;
        else if (time.GetElapsedTime(pinged) > patience) connection.End(NoAnswer);
        var isQuiet = time.GetElapsedTime(connection.LastWritten) > patience - (2 * Tick)
            || time.GetElapsedTime(Volatile.Read(ref lastRead)) > patience - (2 * Tick);
        if (accepted is null || pinged != 0 || !isQuiet) return;
        pinged = time.GetTimestamp();
        outbox.Put(MqttPingReqPacket.Instance);
        connection.Flush();
    }

    /// <summary>
    /// Sends what is queued, and DISCONNECT, and waits for the broker to close: closing first while messages still come in would
    /// reset the connection, and the broker might then send the last will after all.
    /// </summary>
    private async Task SayGoodbyeAsync(Connection connection, Task reading)
    {
        if (accepted is not null)
        {
            if (state is LinkState.Up) await FirstOf(GoodbyeLimit, reading, outbox.Settled());
            lock (lifecycle) isLeaving = true;
            outbox.Close();
            outbox.Put(new MqttDisconnectPacket());
            connection.Flush();
            await FirstOf(GoodbyeLimit, reading, outbox.Drained());
            connection.EndWriting();
            await FirstOf(GoodbyeLimit / 2, reading);
        }
        connection.End("stopped");
    }

    private async Task FirstOf(TimeSpan limit, params Task[] tasks)
    {
        using var over = new CancellationTokenSource();
        await Task.WhenAny([.. tasks, Task.Delay(limit, time, over.Token)]);
        await over.CancelAsync();
    }

    private MqttConnectPacket Greeting() => new()
    {
        ClientId = options.ClientId,
        CleanSession = true,
        KeepAlivePeriod = (ushort)options.KeepAlive.TotalSeconds,
        RequestProblemInformation = true,
        MaximumPacketSize = PacketReader.MostBytes,
        WillFlag = options.Will is not null,
        WillTopic = options.Will?.Topic,
        WillMessage = options.Will?.Payload.ToArray(),
        WillQoS = MqttQualityOfServiceLevel.AtLeastOnce,
        WillRetain = options.Will is { Retain: true },
    };
}
