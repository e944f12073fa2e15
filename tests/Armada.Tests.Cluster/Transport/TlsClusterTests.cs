using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Armada.Grains.Transport;
using Armada.Testing;
using Armada.Testing.Brokers;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Runtime.Messaging;

namespace Armada.Tests.Cluster.Transport;

/// <summary>Who gets into a cluster that asks for certificates.</summary>
public sealed class TlsClusterTests : IAsyncLifetime
{
    public TlsClusterTests() => (Ours, Foreign) = (new(Folder), new(Folder, "foreign-ca"));

    private RefusedHandshakes Refused { get; } = new();

    private TempFolder Folder { get; } = new();

    private TestCertificates Ours { get; }

    private TestCertificates Foreign { get; }

    private TlsSilo Silo { get; set; } = null!;

    public async Task InitializeAsync() => Silo = await TlsSilo.StartAsync(Identity(Ours, Ours.Member("silo-1")), Refused);

    public async Task DisposeAsync()
    {
        await Silo.DisposeAsync();
        Foreign.Dispose();
        Ours.Dispose();
        Folder.Dispose();
        Refused.Dispose();
    }

    [Fact]
    public async Task Two_silos_of_one_authority_talk()
    {
        await using var second = await TlsSilo.StartAsync(Identity(Ours, Ours.Member("silo-2")), Refused, Silo);
        await Eventually.Holds("both silos see both", () => Silo.Sees == 2 && second.Sees == 2);

        Assert.True(await CanBeginOnAsync(Silo.Grains, second.Address), "no grain that the first silo asks for begins on the second");
        Assert.True(await CanBeginOnAsync(second.Grains, Silo.Address), "no grain that the second silo asks for begins on the first");
    }

    [Fact]
    public async Task A_gateway_of_the_authority_gets_in()
    {
        using var client = await Silo.ConnectAsync(Dialing(Identity(Ours, Ours.Member("gateway-1"))), Refused);

        var grain = client.Services.GetRequiredService<IClusterClient>().GetGrain<IWhereGrain>("a");
        Assert.Equal(Silo.Address, await grain.WhereAsync());
        await client.StopAsync();
    }

    [Fact]
    public Task A_gateway_of_a_foreign_authority_gets_nothing() =>
        AssertNoWayIn(Dialing(Identity(Foreign, Foreign.Member("gateway-1"))));

    [Fact]
    public Task A_client_without_TLS_gets_nothing() => AssertNoWayIn(_ => { });

    [Fact]
    public Task A_client_without_a_certificate_gets_nothing() => AssertNoWayIn(client => client.UseTls(tls =>
    {
        tls.RemoteCertificateValidation = (_, _, _) => true;
        tls.OnAuthenticateAsClient = (_, authentication) => authentication.TargetHost = "silo-1";
    }));

    [Fact]
    public async Task A_gateway_does_not_take_a_silo_of_a_foreign_authority_for_its_own()
    {
        await using var stranger = await TlsSilo.StartAsync(Identity(Foreign, Foreign.Member("silo-1")), Refused);
        await Assert.ThrowsAsync<ConnectionFailedException>(() =>
            stranger.ConnectAsync(Dialing(Identity(Ours, Ours.Member("gateway-1"))), Refused));
    }

    public static TheoryData<string, string> Intruders
    {
        get
        {
            var all = new TheoryData<string, string>();
            foreach (var port in new[] { "silos", "gateways" })
            {
                foreach (var shown in new[] { "no certificate", "a foreign authority's", "a client's", "a server's", "one that says nothing", "a device's" })
                    all.Add(port, shown);
            }

            return all;
        }
    }

    [Theory]
    [MemberData(nameof(Intruders))]
    public async Task The_cluster_s_ports_take_none_but_silos_and_gateways(string port, string shown)
    {
        using var certificate = shown switch
        {
            "a client's" => Pair(Ours.Client("agent-1")),
            "a server's" => Pair(Ours.Server()),
            "one that says nothing" => Pair(Ours.Unspecified("agent-1")),
            "a foreign authority's" => Pair(Foreign.Member("silo-2")),
            "a device's" => Pair(Foreign.Client("arm-1")), // Of an authority of its own, and for clients only.
            _ => null,
        };
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port == "silos" ? Silo.SiloPort : Silo.GatewayPort);
        await using var stream = new SslStream(socket.GetStream(), false, (_, remote, _, _) => remote is not null);

        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "silo-1",
                ClientCertificates = certificate is null ? null : [certificate],
            });
            await stream.ReadExactlyAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        });
        await Eventually.Holds("the silo has refused the handshake", WasRefused);
    }

    private static Action<IClientBuilder> Dialing(ClusterIdentity identity) => client =>
        client.Configure<ClientConnectionOptions>(connections =>
            connections.ConfigureConnection(connection => connection.UseClientTls(identity.Tls())));

    private async Task AssertNoWayIn(Action<IClientBuilder> transport)
    {
        await Assert.ThrowsAsync<ConnectionFailedException>(() => Silo.ConnectAsync(transport, Refused));
        await Eventually.Holds("the silo has refused the handshake", WasRefused);
    }

    private bool WasRefused() => Refused.Count > 0;

    private static ClusterIdentity Identity(TestCertificates authority, (string Certificate, string Key) own)
    {
        var refused = ClusterIdentity.TryLoad(
            new("ca", authority.CaFile), new("cert", own.Certificate), new("key", own.Key), out var identity);
        Assert.Null(refused);
        return identity!;
    }

    private static X509Certificate2 Pair((string Certificate, string Key) files)
    {
        using var pair = X509Certificate2.CreateFromPemFile(files.Certificate, files.Key);
        return X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pfx), null);
    }

    // Silos see each other a moment before they know which grains the other has.
    private static async Task<bool> CanBeginOnAsync(IGrainFactory from, SiloAddress at)
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            if (at.Equals(await WhereGrain.BegunOnAsync(from, at)))
                return true;
        }

        return false;
    }
}
