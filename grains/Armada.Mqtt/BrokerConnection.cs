using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using MQTTnet.Channel;

namespace Armada.Mqtt;

/// <summary>The connection under one MQTT client: TCP, and TLS with certificates read from their files at each connect.</summary>
/// <remarks>MQTTnet's own TLS does not send the intermediate certificates of the client's file.</remarks>
internal sealed class BrokerConnection(LinkOptions options) : IMqttClientStreamProvider, IDisposable
{
    private BrokerSocketStream? stream;

    /// <summary>Whether TCP, and TLS where it is asked for, are established.</summary>
    public bool IsEstablished { get; private set; }

    /// <summary>Whether a write waits for room in the socket.</summary>
    public bool IsFull => stream is { IsFull: true };

    /// <exception cref="SocketException">The host is not found, or none of its addresses answers.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">One end does not trust the other.</exception>
    /// <exception cref="CryptographicException">A file has become unreadable since the start, or the two do not belong together.</exception>
    public async Task<Stream> ConnectAsync(EndPoint brokerEndPoint, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(brokerEndPoint, cancellationToken);
            stream = new(socket, options.KeepAlive);
            Stream secured = options.Tls is { } tls ? await SecureAsync(stream, tls, cancellationToken) : stream;
            IsEstablished = true;
            return secured;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>
    /// From now on, whoever closes the stream ends only the writing: closing the socket while messages still arrive would reset the
    /// connection, and the broker might lose our DISCONNECT and send the last will.
    /// </summary>
    public void KeepReading() => stream?.KeepReading();

    /// <summary>Waits until the broker closes.</summary>
    public Task DrainAsync(CancellationToken cancellation) => stream?.DrainAsync(cancellation) ?? Task.CompletedTask;

    /// <summary>Closes the socket.</summary>
    public void Dispose() => stream?.End();

    private async Task<SslStream> SecureAsync(Stream plain, LinkTls tls, CancellationToken cancellation)
    {
        var authorities = new X509Certificate2Collection();
        X509Certificate2? own = null;
        var secured = new SslStream(plain);
        try
        {
            authorities.ImportFromPemFile(tls.CaFile);
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(authorities);
            own = ReadOwn(tls);
            var handshake = new SslClientAuthenticationOptions
            {
                TargetHost = options.Host,
                CertificateChainPolicy = policy,
                ClientCertificateContext = own is null ? null : WithIntermediates(own, tls.CertificateFile!),
            };
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
            foreach (var authority in authorities) authority.Dispose();
            own?.Dispose();
        }
    }

    private static X509Certificate2? ReadOwn(LinkTls tls)
    {
        if (tls is not { CertificateFile: { } certificateFile, KeyFile: { } keyFile }) return null;
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        }
        catch (ArgumentException)
        {
            // As between the two steps of a renewal.
            throw new CryptographicException($"'{certificateFile}' and '{keyFile}' do not belong together");
        }
        if (!OperatingSystem.IsWindows()) return certificate;

        // Windows' own TLS takes no key that was never in a key store.
        using (certificate) return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    private static SslStreamCertificateContext WithIntermediates(X509Certificate2 own, string certificateFile)
    {
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(certificateFile);
        return SslStreamCertificateContext.Create(own, chain, offline: true);
    }

    /// <summary>A buffered socket: MQTTnet reads the two bytes of a packet's header and its body one by one.</summary>
    private sealed class BrokerSocketStream : NetworkStream
    {
        /// <summary>Bytes that may wait in the kernel: more would only grow old there.</summary>
        private const int MaxNotSent = 16 * 1024;

        // Linux's socket options without a name in .NET.
        private const int LevelTcp = 6;
        private const int QuickAcknowledge = 12;
        private const int UserTimeout = 18;
        private const int NotSentLowWater = 25;
        private static readonly byte[] On = BitConverter.GetBytes(1);

        private readonly byte[] buffer = new byte[16 * 1024];
        private int begin;
        private int end;
        private volatile bool isFull;
        private volatile bool keepsReading;

        public BrokerSocketStream(Socket socket, TimeSpan keepAlive) : base(socket, ownsSocket: true)
        {
            if (!OperatingSystem.IsLinux()) return;
            socket.SetRawSocketOption(LevelTcp, NotSentLowWater, BitConverter.GetBytes(MaxNotSent));
            socket.SetRawSocketOption(LevelTcp, UserTimeout, BitConverter.GetBytes((int)keepAlive.TotalMilliseconds));
        }

        public bool IsFull => isFull;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (begin == end)
            {
                begin = 0;
                end = await base.ReadAsync(this.buffer, cancellationToken);
                AcknowledgeAtOnce();
            }
            var count = Math.Min(buffer.Length, end - begin);
            this.buffer.AsMemory(begin, count).CopyTo(buffer);
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

        public void KeepReading() => keepsReading = true;

        public async Task DrainAsync(CancellationToken cancellation)
        {
            while (await Socket.ReceiveAsync(buffer, cancellation) > 0)
            {
            }
        }

        public void End()
        {
            keepsReading = false;
            Dispose();
        }

        protected override void Dispose(bool disposing)
        {
            if (!keepsReading) base.Dispose(disposing);
            else if (disposing) Socket.Shutdown(SocketShutdown.Send);
        }

        // A broker that leaves Nagle's algorithm on (mosquitto's default) holds the next frame back until the last one is
        // acknowledged, and a receiver that sends little acknowledges only after 40 ms. The kernel forgets the option at each read.
        private void AcknowledgeAtOnce()
        {
            if (OperatingSystem.IsLinux()) Socket.SetRawSocketOption(LevelTcp, QuickAcknowledge, On);
        }
    }
}
