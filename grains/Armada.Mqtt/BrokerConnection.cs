using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Armada.Core.Devices;
using MQTTnet.Channel;

namespace Armada.Mqtt;

/// <summary>The connection under one MQTT client: TCP, and TLS with certificates read from their files at each connect.</summary>
/// <remarks>MQTTnet's own TLS does not send the intermediate certificates of the client's file.</remarks>
internal sealed class BrokerConnection(LinkOptions options, HostPort address, TimeProvider time) : IMqttClientStreamProvider
{
    // Of several brokers the next one is tried soon; one that is alone may take its time.
    private static readonly TimeSpan ReachedWithin = TimeSpan.FromSeconds(2);

    // Linux's socket options without a name in .NET.
    private const int LevelSocket = 1;
    private const int BindToDevice = 25;

    public HostPort Address => address;

    public BrokerSocket? Socket { get; private set; }

    /// <summary>Whether TCP, and TLS where it is asked for, are established.</summary>
    public bool IsEstablished { get; private set; }

    /// <summary>Why a certificate is not valid by this machine's clock; null where all shown so far are.</summary>
    public string? ClockProblem { get; private set; }

    /// <exception cref="SocketException">The host is not found, or none of its addresses answers.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">One end does not trust the other.</exception>
    /// <exception cref="CryptographicException">A file has become unreadable since the start, or the two do not belong together.</exception>
    public async Task<Stream> ConnectAsync(EndPoint brokerEndPoint, CancellationToken cancellationToken)
    {
        var own = IPAddress.TryParse(options.Interface, out var parsed) ? parsed : null;
        var socket = own is null ? new Socket(SocketType.Stream, ProtocolType.Tcp) : new Socket(own.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.NoDelay = true;
            await ReachAsync(socket, options.Interface is "" ? brokerEndPoint : await BindAsync(socket, own, cancellationToken), cancellationToken);
            Socket = new(socket);
            Stream stream = options.Tls is { } tls ? await SecureAsync(Socket, tls, cancellationToken) : Socket;
            IsEstablished = true;
            return stream;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // A socket that tries a second address loses what it was bound to, so it gets one only.
    private async Task<EndPoint> BindAsync(Socket socket, IPAddress? own, CancellationToken cancellation)
    {
        try
        {
            if (own is not null)
                socket.Bind(new IPEndPoint(own, 0));
            else
                socket.SetRawSocketOption(LevelSocket, BindToDevice, Encoding.ASCII.GetBytes(options.Interface));
        }
        catch (SocketException refused)
        {
            throw new SocketException((int)refused.SocketErrorCode, $"interface '{options.Interface}': {refused.Message}");
        }

        var found = await Dns.GetHostAddressesAsync(address.Host, own?.AddressFamily ?? AddressFamily.Unspecified, cancellation);
        return found is [] ? throw new SocketException((int)SocketError.HostNotFound) : new IPEndPoint(found[Random.Shared.Next(found.Length)], address.Port);
    }

    private async Task ReachAsync(Socket socket, EndPoint broker, CancellationToken cancellation)
    {
        using var late = new CancellationTokenSource(options.Hosts.Count > 1 ? ReachedWithin : Timeout.InfiniteTimeSpan, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellation);
        try
        {
            await socket.ConnectAsync(broker, either.Token);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new SocketException((int)SocketError.TimedOut);
        }
    }

    private async Task<SslStream> SecureAsync(Stream plain, LinkTls tls, CancellationToken cancellation)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        X509Certificate2? own = null;
        var secured = new SslStream(plain);
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(tls.CaFile);
            var handshake = new SslClientAuthenticationOptions
            {
                TargetHost = address.Host,
                CertificateChainPolicy = policy,
                RemoteCertificateValidationCallback = (_, _, shown, errors) =>
                {
                    ClockProblem ??= CertificateClock.FindProblem(shown, time.GetUtcNow());
                    return errors == SslPolicyErrors.None;
                },
            };
            if (tls is { CertificateFile: { } certificateFile, KeyFile: { } keyFile })
            {
                own = ReadPair(certificateFile, keyFile);
                ClockProblem = CertificateClock.FindProblem(own, time.GetUtcNow());
                var chain = new X509Certificate2Collection();
                chain.ImportFromPemFile(certificateFile);
                handshake.ClientCertificateContext = SslStreamCertificateContext.Create(own, chain, offline: true);
            }
            await secured.AuthenticateAsClientAsync(handshake, cancellation);
            return secured;
        }
        catch
        {
            await secured.DisposeAsync();
            throw;
        }
        finally
        {
            foreach (var authority in policy.CustomTrustStore) authority.Dispose();
            own?.Dispose();
        }
    }

    private static X509Certificate2 ReadPair(string certificateFile, string keyFile)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            if (!OperatingSystem.IsWindows()) return certificate;

            // Windows' own TLS takes no key that was never in a key store.
            using (certificate) return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
        }
        catch (ArgumentException)
        {
            // As between the two steps of a renewal.
            throw new CryptographicException($"'{certificateFile}' and '{keyFile}' do not belong together");
        }
    }
}

/// <summary>A socket with a read buffer: MQTTnet reads the two bytes of a packet's header and its body one by one.</summary>
internal sealed class BrokerSocket : NetworkStream
{
    /// <summary>Bytes that may wait in the kernel: more would only grow old there.</summary>
    private const int MaxNotSent = 16 * 1024;

    // Linux's socket options without a name in .NET.
    private const int LevelTcp = 6;
    private const int QuickAcknowledge = 12;
    private const int NotSentLowWater = 25;
    private static readonly byte[] On = BitConverter.GetBytes(1);

    private readonly byte[] received = new byte[16 * 1024];
    private int begin;
    private int end;
    private volatile bool isFull;
    private volatile bool keepsReading;

    public BrokerSocket(Socket socket) : base(socket, ownsSocket: true)
    {
        if (OperatingSystem.IsLinux()) socket.SetRawSocketOption(LevelTcp, NotSentLowWater, BitConverter.GetBytes(MaxNotSent));
    }

    /// <summary>Whether a write waits for room.</summary>
    public bool IsFull => isFull;

    /// <summary>
    /// Whoever closes the stream now ends only the writing: closing the socket while messages still arrive would reset the
    /// connection, and the broker might lose our DISCONNECT and send the last will.
    /// </summary>
    public void KeepReading() => keepsReading = true;

    /// <summary>Waits until the broker closes.</summary>
    public async Task DrainAsync(CancellationToken cancellation)
    {
        while (await Socket.ReceiveAsync(received, cancellation) > 0)
        {
        }
    }

    /// <summary>Closes the socket in any case.</summary>
    public void End()
    {
        keepsReading = false;
        Dispose();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (begin == end)
        {
            begin = 0;
            end = await base.ReadAsync(received, cancellationToken);

            // A broker that leaves Nagle's algorithm on (mosquitto's default) holds the next frame back until the last one is
            // acknowledged, and a receiver that sends little acknowledges after 40 ms. The kernel forgets this option at each read.
            if (OperatingSystem.IsLinux()) Socket.SetRawSocketOption(LevelTcp, QuickAcknowledge, On);
        }
        var count = Math.Min(buffer.Length, end - begin);
        received.AsMemory(begin, count).CopyTo(buffer);
        begin += count;
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var writing = base.WriteAsync(buffer, cancellationToken);
        isFull = !writing.IsCompleted;
        await writing;
        isFull = false;
    }

    protected override void Dispose(bool disposing)
    {
        if (!keepsReading) base.Dispose(disposing);
        else if (disposing) Socket.Shutdown(SocketShutdown.Send);
    }
}
