using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Armada.Messaging.LibMosquitto.Native;
using Armada.Messaging.Link;

namespace Armada.Messaging.LibMosquitto;

/// <summary>What the library calls back about. Called from inside the library's calls: no exception may leave.</summary>
internal interface IMosquittoEvents
{
    /// <summary>The broker has answered CONNECT; zero is welcome.</summary>
    void Answered(int reason);

    /// <summary>The connection has ended; an error code of the library or a reason code of MQTT 5.</summary>
    void Ended(int reason);

    /// <summary>The broker has acknowledged a control message; 128 and above: it refused it.</summary>
    void Acknowledged(int reason);

    /// <summary>The broker has answered a SUBSCRIBE; 128 and above: it refused it.</summary>
    void SubscriptionAnswered(int messageId, int granted);

    /// <summary>A message has come.</summary>
    void Received(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload);

    /// <summary>The library complains.</summary>
    void Complained(string text);
}

/// <summary>One <c>struct mosquitto</c>: made from options, driven by its owner's loop.</summary>
internal sealed unsafe class MosquittoClient : IDisposable
{
    private readonly LinkOptions options;
    private readonly GCHandle events;

    /// <exception cref="LinkConfigurationException">The library is missing or refuses an option.</exception>
    public MosquittoClient(LinkOptions options, IMosquittoEvents events)
    {
        this.options = options;
        try
        {
            Require(Mosquitto.LibInit(), "start");
        }
        catch (DllNotFoundException fault)
        {
            throw new LinkConfigurationException(
                "libmosquitto.so.1 is not installed; on Debian and Raspberry Pi OS: apt-get install libmosquitto1", fault);
        }
        this.events = GCHandle.Alloc(events);
        Handle = Mosquitto.New(options.ClientId, cleanSession: true, GCHandle.ToIntPtr(this.events));
        try
        {
            if (Handle == 0) throw new LinkConfigurationException($"libmosquitto takes no client id '{options.ClientId}'.");
            Configure();
        }
        catch (LinkConfigurationException)
        {
            Dispose();
            throw;
        }
    }

    public nint Handle { get; private set; }

    /// <summary>The socket, or -1.</summary>
    public int Socket => Mosquitto.Socket(Handle);

    public bool WantsToWrite => Mosquitto.WantWrite(Handle);

    /// <summary>Begins a connection and does not wait for it.</summary>
    /// <param name="family">Which of a name's addresses to try; null for a host that is an address itself.</param>
    /// <remarks>
    /// The library tries only the first address of a name, so the choice is left to the caller: binding to no address of a family
    /// leaves out the other. It must not be unset again: libmosquitto 2.0.11 would then free the old value twice.
    /// </remarks>
    public int Connect(AddressFamily? family)
    {
        if (family is not null)
        {
            var any = family is AddressFamily.InterNetworkV6 ? "::" : "0.0.0.0";
            if (Mosquitto.StringOption(Handle, Mosquitto.OptionBindAddress, any) is var refused and not Mosquitto.Success) return refused;
        }
        var result = Mosquitto.ConnectAsync(Handle, options.Host, options.Port, (int)options.KeepAlive.TotalSeconds);
        return result > 0 ? result : Mosquitto.Success;
    }

    /// <summary>Asks for a subscription.</summary>
    public int Subscribe(string filter, Delivery delivery, out int messageId)
    {
        fixed (int* id = &messageId)
            return Mosquitto.Subscribe(Handle, id, filter, delivery is Delivery.Control ? 1 : 0);
    }

    /// <summary>Asks for the end of a subscription.</summary>
    public int Unsubscribe(string filter) => Mosquitto.Unsubscribe(Handle, null, filter);

    /// <summary>Lets the library's warnings and errors through; off while connected, since it formats a line for every packet.</summary>
    public void HearComplaints(bool hear) => Mosquitto.OnLog(Handle, hear ? &OnLog : null);

    public void Dispose()
    {
        if (Handle != 0) Mosquitto.Destroy(Handle);
        Handle = 0;
        if (events.IsAllocated) events.Free();
    }

    private static void Require(int result, string what)
    {
        if (result != Mosquitto.Success)
            throw new LinkConfigurationException($"libmosquitto refuses its options ({what}): {Mosquitto.ErrorText(result)}");
    }

    private void Configure()
    {
        Require(Mosquitto.ThreadedSet(Handle, true), "threads");
        Require(Mosquitto.IntOption(Handle, Mosquitto.OptionProtocolVersion, options.Mqtt5 ? Mosquitto.ProtocolV5 : Mosquitto.ProtocolV311), "MQTT version");
        Require(Mosquitto.IntOption(Handle, Mosquitto.OptionTcpNoDelay, 1), "TCP_NODELAY");
        if (options.Tls is { } tls)
            Require(Mosquitto.TlsSet(Handle, tls.CaFile, null, tls.CertificateFile, tls.KeyFile, 0), "TLS files");
        if (options.Will is { } will)
        {
            fixed (byte* payload = will.Payload.Span)
                Require(Mosquitto.WillSet(Handle, will.Topic, will.Payload.Length, payload, qos: 1, will.Retain), "last will");
        }
        Mosquitto.OnConnect(Handle, &OnConnect);
        Mosquitto.OnDisconnect(Handle, &OnDisconnect);
        Mosquitto.OnPublish(Handle, &OnPublish);
        Mosquitto.OnSubscribe(Handle, &OnSubscribe);
        Mosquitto.OnMessage(Handle, &OnMessage);
    }

    private static IMosquittoEvents Events(nint userData) => (IMosquittoEvents)GCHandle.FromIntPtr(userData).Target!;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnConnect(nint client, nint userData, int reason, int flags, nint properties) => Events(userData).Answered(reason);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnDisconnect(nint client, nint userData, int reason) => Events(userData).Ended(reason);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnPublish(nint client, nint userData, int messageId, int reason, nint properties) =>
        Events(userData).Acknowledged(reason);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnSubscribe(nint client, nint userData, int messageId, int count, int* granted) =>
        Events(userData).SubscriptionAnswered(messageId, count > 0 ? granted[0] : 128);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnMessage(nint client, nint userData, Mosquitto.Message* message) => Events(userData).Received(
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated(message->Topic), new(message->Payload, message->PayloadLength));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnLog(nint client, nint userData, int level, byte* text)
    {
        if (level is Mosquitto.LogError or Mosquitto.LogWarning) Events(userData).Complained(Marshal.PtrToStringUTF8((nint)text) ?? "");
    }
}
