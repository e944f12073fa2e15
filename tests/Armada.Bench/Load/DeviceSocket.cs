using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Core.Control;
using Armada.Core.Topics;

namespace Armada.Bench.Load;

/// <summary>One device on a connection of its own: it publishes frames, takes commands, and answers what control tells it.</summary>
internal sealed class DeviceSocket : IAsyncDisposable
{
    private const int MaxPacket = 4096;

    private static readonly TimeSpan ClosesWithin = TimeSpan.FromSeconds(1);

    private readonly Stream stream;
    private readonly CommandHandler commanded;
    private readonly byte[] state;
    private readonly byte[] reply;
    private readonly byte[] command;
    private readonly byte[] outgoing = new byte[MaxPacket];
    private readonly Lock writing = new();
    private readonly TaskCompletionSource subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint epoch;

    private DeviceSocket(Stream stream, string name, TopicMap topics, CommandHandler commanded)
    {
        (this.stream, this.commanded) = (stream, commanded);
        state = Encoding.ASCII.GetBytes(topics.Of(name, Channel.State));
        reply = Encoding.ASCII.GetBytes(topics.Of(name, Channel.ControlReply));
        command = Encoding.ASCII.GetBytes(topics.Of(name, Channel.Command));
    }

    /// <summary>Takes a command's payload, on the thread that read it.</summary>
    public delegate void CommandHandler(ReadOnlySpan<byte> payload);

    /// <summary>The epoch that it was told to stream under; 0 for none yet.</summary>
    public uint Epoch => Volatile.Read(ref epoch);

    /// <summary>Ends with the connection.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Connects to a port on loopback and subscribes.</summary>
    /// <param name="port">Of the silo or broker.</param>
    /// <param name="name">Of the device.</param>
    /// <param name="certificate">Its own, with its key; null for no TLS.</param>
    /// <param name="topics">Where it publishes.</param>
    /// <param name="commanded">Called with each command.</param>
    public static async Task<DeviceSocket> ConnectAsync(
        int port, string name, X509Certificate2? certificate, TopicMap topics, CommandHandler commanded, CancellationToken cancellation = default)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        Stream? stream = null;
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port, cancellation);
            stream = new NetworkStream(socket, ownsSocket: true);
            if (certificate is not null)
                stream = await SecureAsync(stream, certificate, cancellation);
            var device = new DeviceSocket(stream, name, topics, commanded);
            await stream.WriteAsync(MqttBytes.ConnectAs(name), cancellation);
            await stream.WriteAsync(MqttBytes.SubscribeTo((topics.Of(name, Channel.Command), 0), (topics.Of(name, Channel.Control), 1)), cancellation);
            device.Ended = device.ReadAsync();
            if (await Task.WhenAny(device.subscribed.Task, device.Ended).WaitAsync(TimeSpan.FromSeconds(30), cancellation) == device.Ended)
                throw new IOException($"{name} was not accepted");
            return device;
        }
        catch
        {
            socket.Dispose();
            if (stream is not null)
                await stream.DisposeAsync();
            throw;
        }
    }

    /// <summary>Publishes a frame.</summary>
    /// <exception cref="IOException">The connection has ended.</exception>
    public void Send(ReadOnlySpan<byte> frame) => Publish(state, frame);

    /// <summary>Says that it leaves, and waits for the other end to close.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            lock (writing)
                stream.Write(MqttBytes.Disconnect);
            await Task.WhenAny(Ended, Task.Delay(ClosesWithin));
        }
        catch (IOException)
        {
            // The other end has closed already.
        }

        await stream.DisposeAsync();
        await Ended;
    }

    private static async Task<Stream> SecureAsync(Stream stream, X509Certificate2 certificate, CancellationToken cancellation)
    {
        var secure = new SslStream(stream, leaveInnerStreamOpen: false);
        await secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ClientCertificates = [certificate],
                RemoteCertificateValidationCallback = (_, _, _, _) => true, // The server is the bench's own child.
            },
            cancellation);
        return secure;
    }

    private void Publish(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload)
    {
        lock (writing)
            stream.Write(outgoing, 0, MqttBytes.WritePublish(outgoing, topic, payload));
    }

    private async Task ReadAsync()
    {
        var buffer = new byte[MaxPacket];
        var held = 0;
        try
        {
            while (await stream.ReadAsync(buffer.AsMemory(held)) is > 0 and var read)
            {
                held += read;
                var left = Take(buffer.AsSpan(0, held));
                buffer.AsSpan(held - left, left).CopyTo(buffer);
                held = left;
            }
        }
        catch (Exception lost) when (lost is IOException or ObjectDisposedException)
        {
            // The silo or the load has ended.
        }
    }

    private int Take(ReadOnlySpan<byte> bytes)
    {
        while (MqttBytes.TryTake(ref bytes, out var header, out var body))
        {
            if ((header & 0xF0) == MqttBytes.Publish)
                Hear(MqttBytes.PayloadOf(header, body, out var topic, out var packet), topic, packet);
            else if (header == 0x90)
                subscribed.TrySetResult();
        }

        return bytes.Length;
    }

    private void Hear(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> topic, ushort packet)
    {
        if (packet == 0 && topic.SequenceEqual(command))
        {
            commanded(payload);
            return;
        }

        if (packet != 0)
        {
            lock (writing)
                stream.Write(MqttBytes.Acknowledged(packet));
        }

        if (ControlJson.ReadMessage(payload) is not { } message)
            return;
        if (message is { Op: ControlOp.StreamStart, Epoch: { } told })
            Volatile.Write(ref epoch, told);
        Publish(reply, ControlJson.Write(new ControlReply(message.Id, true)));
    }
}
