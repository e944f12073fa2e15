using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Armada.Core.Devices;
using Armada.Mqtt;
using Armada.Silo.Mqtt;
using Armada.Silo.Options;
using Armada.Silo.Provisioning;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Testing.Registry;
using Armada.Tests.Cluster.Documents;

namespace Armada.Tests.Cluster.Identities;

/// <summary>Identities are the cluster's: any silo answers any call, and any silo refuses what another one revoked.</summary>
[Trait("Category", "Timed")]
public sealed class ClusterIdentitiesTests(SharedServers servers) : IClassFixture<SharedServers>, IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(400); // For a busy machine.

    private readonly FailOnLoggedErrors logs = new();
    private RegistryOfTwoSilos rig = null!;

    private WholeSilo First => rig.Silos.First;

    private WholeSilo Second => rig.Silos.Second;

    public async Task InitializeAsync() => rig = await RegistryOfTwoSilos.StartAsync(servers, logs);

    public async Task DisposeAsync() => await rig.DisposeAsync();

    public void Dispose() => logs.Dispose();

    [Fact]
    public async Task What_is_revoked_at_one_silo_is_cut_there_at_once_and_at_the_other_within_a_second()
    {
        var (here, there) = (await MakeAsync("arm-1"), await MakeAsync("arm-2"));
        await using var staying = await ConnectAsync(Second, "arm-3", await MakeAsync("arm-3"));
        await using var first = await ConnectAsync(First, "arm-1", here);
        await using var second = await ConnectAsync(Second, "arm-2", there);

        Assert.True(await DownAfterAsync(first, () => DeleteAsync(First, "arm-1")) < TimeSpan.FromMilliseconds(100) + Slack, "it was cut late where it was asked");
        Assert.True(await DownAfterAsync(second, () => DeleteAsync(First, "arm-2")) < TimeSpan.FromSeconds(1) + Slack, "it was cut late at the other silo");

        Assert.Equal(LinkState.Up, staying.State);
        foreach (var silo in rig.Silos.Silos)
        {
            Assert.False(RegistryOfTwoSilos.Admits(silo, here.Certificate), "a deleted device is admitted");
            Assert.False(RegistryOfTwoSilos.Admits(silo, there.Certificate), "a deleted device is admitted");
        }
    }

    [Fact]
    public async Task A_stalled_device_that_is_revoked_at_one_silo_is_cut_at_the_other_within_a_second()
    {
        var issued = await MakeAsync("arm-1");
        await using var ear = RunningProcess.Start(
            "mosquitto_sub",
            [
                "-h", "127.0.0.1", "-p", $"{PortOf(Second)}", "-i", "arm-1", "--cafile", CaFile("authority"), "--cert", rig.Folder.Write("ear.pem", issued.Certificate),
                "--key", rig.Folder.Write("ear.key", issued.PrivateKey()!), "-d", "-t", "armada/v1/arm-1/cmd",
            ]);
        var link = Second.Of<IMqttLink>();
        await Eventually.Holds("it listens", () => link.Publish("armada/v1/arm-1/cmd", "x"u8, Delivery.Control));
        await ear.SendAsync(Signal.Stop);
        var text = new byte[4000];
        for (var message = 0; message < 500; message++)
            link.Publish("armada/v1/arm-1/cmd", text, Delivery.Control); // More than both sockets take.

        var begun = Stopwatch.GetTimestamp();
        await DeleteAsync(First, "arm-1");

        await Eventually.Holds("it is cut", () => !Second.Of<DeviceConnections>().Of("arm-1").Any());
        Assert.True(Stopwatch.GetElapsedTime(begun) < TimeSpan.FromSeconds(1) + Slack, $"it took {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");
        await ear.SendAsync(Signal.Continue);
    }

    [Fact]
    public async Task A_bundle_token_and_last_seen_time_of_one_silo_are_the_others_too()
    {
        var (status, made) = await First.AskAsync(HttpMethod.Post, "/devices", null, new { name = "arm-1", kind = "so101-leader" });
        Assert.Equal(201, status);
        var (_, again) = await Second.AskAsync(HttpMethod.Post, "/devices", null, new { name = "arm-1", kind = "so101-leader" });
        string Secret(JsonNode? answer) => answer!["bundle"]!["url"]!.GetValue<string>().Split('/')[^1];
        Assert.Equal(Secret(made), Secret(again));
        await using (var zip = await Second.Http.GetStreamAsync(new Uri($"/api/v1/bundles/{Secret(made)}", UriKind.Relative)))
        {
            using var archive = new ZipArchive(zip);
            Assert.Contains(archive.Entries, entry => entry.Name == "arm-1.key");
        }

        Assert.Equal(410, (await First.AskAsync(HttpMethod.Get, $"/bundles/{Secret(made)}", null)).Status);

        var (_, token) = await First.AskAsync(HttpMethod.Post, "/enrollment-tokens", null, new { kind = "so101-leader", name = "arm-2" });
        using var keys = new DeviceKeys();
        var enrollment = new { token = token!["token"]!.GetValue<string>(), csr = keys.Request };
        Assert.Equal(201, (await Second.AskAsync(HttpMethod.Post, "/enrollments", null, enrollment)).Status);
        Assert.Equal(201, (await First.AskAsync(HttpMethod.Post, "/enrollments", null, enrollment)).Status); // A repeated one.
        Assert.Single((await First.AskAsync(HttpMethod.Get, "/enrollment-tokens", null)).Body!["items"]!.AsArray(), one => one!["used_by"]?.GetValue<string>() == "arm-2");

        Second.Of<DeviceLastSeen>().Record("arm-2", new Core.Control.Presence(Online: true), wasOnline: false);
        await Eventually.HoldsAsync(
            "the other silo knows it too",
            async () => (await First.AskAsync(HttpMethod.Get, "/devices/arm-2", null)).Body is { } device && device["last_seen"] is not null && device["online"]!.GetValue<bool>(),
            TimeSpan.FromSeconds(15));
    }

    [Fact]
    public async Task A_gateway_admits_and_cuts_as_a_silo_does_also_after_the_registry_has_moved()
    {
        var cluster = First.Of<SiloOptions>().Cluster!;
        await using var gateway = new WholeSilo(servers, cluster.ServiceId, logs, options => options with
        {
            Broker = new DeviceEndpointOptions { Address = IPAddress.Loopback, Port = FreePort.Next() },
            Authorities = rig.Authorities,
            Cluster = options.Cluster! with { Role = SiloRole.Gateway },
        });
        await gateway.StartAsync(cluster.ClusterId);
        var (one, other) = (await MakeAsync("arm-1"), await MakeAsync("arm-2"));
        await using var first = await ConnectAsync(gateway, "arm-1", one);
        await using var second = await ConnectAsync(gateway, "arm-2", other);

        Assert.True(await DownAfterAsync(first, () => DeleteAsync(First, "arm-1")) < TimeSpan.FromSeconds(1) + Slack, "it was cut late at the gateway");
        Assert.False(RegistryOfTwoSilos.Admits(gateway, one.Certificate), "a deleted device is admitted");
        Assert.Equal(201, (await gateway.AskAsync(HttpMethod.Post, "/devices", null, new { name = "arm-3", kind = "so101-leader" })).Status);

        foreach (var silo in rig.Silos.Silos.Reverse())
        {
            await silo.StopAsync(); // Wherever the registry was, it has moved once.
            await silo.StartAsync(cluster.ClusterId);
        }

        await DownAfterAsync(second, () => Eventually.HoldsAsync(
            "the registry answers from where it is now", async () => (await gateway.AskAsync(HttpMethod.Delete, "/devices/arm-2", null)).Status is 204, TimeSpan.FromSeconds(20)));
        Assert.False(RegistryOfTwoSilos.Admits(gateway, other.Certificate), "a deleted device is admitted");
    }

    [Fact]
    public async Task Without_the_store_what_is_known_is_admitted_and_nothing_is_revoked()
    {
        var issued = await MakeAsync("arm-1");
        await using var link = await ConnectAsync(Second, "arm-1", issued);
        logs.Expect("LogErrorWriteStateFailed").Expect("LogErrorReadStateFailed").Expect("LogNotStored")
            .Expect("LogErrorInGrainMethod").Expect("LogErrorActivatingGrain").Expect("LogErrorFailedToCleanUpDefunctMembershipTableEntries"); // Whatever grain is activated just then cannot read its state.

        await servers.Redis.StopAsync();
        try
        {
            var (status, problem) = await First.AskAsync(HttpMethod.Delete, "/devices/arm-1", null);
            Assert.Equal((503, "urn:armada:problem:not-stored"), (status, problem!["type"]!.GetValue<string>()));
            foreach (var silo in rig.Silos.Silos)
                Assert.True(RegistryOfTwoSilos.Admits(silo, issued.Certificate), "what is known is not admitted");
            Assert.Equal(LinkState.Up, link.State);
        }
        finally
        {
            await servers.Redis.RestartAsync();
        }

        await Eventually.HoldsAsync(
            "it is revoked when storage is back", async () => (await First.AskAsync(HttpMethod.Delete, "/devices/arm-1", null)).Status is 204 or 404, TimeSpan.FromSeconds(20));
        await Eventually.Holds("the device is cut", () => link.State != LinkState.Up);
    }

    [Fact]
    public async Task Devices_move_from_one_authority_to_the_next_and_the_first_is_retired()
    {
        var old = await MakeAsync("arm-1");
        rig.MakeAuthority("next");
        rig.Authorities = [rig.Folder.File("authority"), rig.Folder.File("next")];
        await rig.RestartAsync();

        var all = await AuthoritiesAsync();
        Assert.Equal([(false, 1), (true, 0)], all.Select(one => (one!["issues"]!.GetValue<bool>(), one["devices"]!.GetValue<int>())));
        Assert.All(await CertificatesAsync("arm-1"), its => Assert.True(its.IsOutdated));
        var young = (await rig.Registry.RotateAsync("arm-1", null, default)).Issued!;
        Assert.False((await CertificatesAsync("arm-1"))[^1].IsOutdated);
        var left = await MakeAsync("arm-2"); // Of the next one, too.
        Assert.Equal(2, (await First.Of<IDeviceRegistry>().BrokerAsync(default)).Authority.Split("BEGIN CERTIFICATE").Length - 1);
        await using (var before = await ConnectAsync(Second, "arm-1", old))
        await using (var after = await ConnectAsync(First, "arm-2", left))
        {
            Assert.True(await TrustsAsync(First, "authority"), "the endpoint is not of the first authority");
            var retired = all[0]!["id"]!.GetValue<string>();
            Assert.Equal(404, (await First.AskAsync(HttpMethod.Delete, $"/authorities/{new string('0', 64)}", null)).Status);
            Assert.Equal(204, (await First.AskAsync(HttpMethod.Delete, $"/authorities/{retired}", null)).Status);
            await Eventually.Holds("what the first one signed is cut", () => before.State != LinkState.Up);
            Assert.Equal(LinkState.Up, after.State);
        }

        Assert.Equal(409, (await Second.AskAsync(HttpMethod.Delete, $"/authorities/{all[1]!["id"]}", null)).Status);
        foreach (var silo in rig.Silos.Silos)
        {
            Assert.False(RegistryOfTwoSilos.Admits(silo, old.Certificate), "what the first one signed is admitted");
            Assert.True(RegistryOfTwoSilos.Admits(silo, young.Certificate), "what the next one signed is not admitted");
            Assert.True(await TrustsAsync(silo, "next"), "the endpoint is not of the next authority");
        }

        rig.Authorities = [rig.Folder.File("next")];
        await rig.RestartAsync();
        Assert.True(RegistryOfTwoSilos.Admits(First, young.Certificate), "a restart has forgotten the device");
        Assert.Single(await AuthoritiesAsync());
    }

    [Fact]
    public async Task A_silo_that_is_given_another_authority_says_so_in_one_line_and_exit_code_2()
    {
        rig.MakeAuthority("other");
        var cluster = First.Of<SiloOptions>().Cluster!;
        await using var silo = ArmadaProgram.Start(
            "Armada.Silo",
            "--urls", "http://127.0.0.1:0", "--data", rig.Folder.File("data"), "--cluster", cluster.ClusterId, "--service-id", cluster.ServiceId,
            "--redis", servers.Redis.Address, "--silo-endpoint", $"127.0.0.1:{FreePort.Next()}", "--gateway-port", $"{FreePort.Next()}",
            "--broker", $"127.0.0.1:{FreePort.Next()}", "--authority", rig.Folder.File("other"));

        Assert.Equal(2, await silo.ExitsAsync(TimeSpan.FromSeconds(30)));
        var line = Assert.Single(silo.Lines, line => line.StartsWith("armada-silo:", StringComparison.Ordinal));
        Assert.Contains("give every silo the same one with --authority", line, StringComparison.Ordinal);
        Assert.True((await First.AskAsync(HttpMethod.Get, "/authorities", null)).Body!["items"]!.AsArray().Count == 1, "it was added");
    }

    private static int PortOf(WholeSilo silo) => silo.Of<DeviceEndpointOptions>().Port;

    private static async Task DeleteAsync(WholeSilo silo, string name) =>
        Assert.Equal(204, (await silo.AskAsync(HttpMethod.Delete, $"/devices/{name}", null)).Status);

    private static async Task<TimeSpan> DownAfterAsync(MqttLink link, Func<Task> call)
    {
        var down = new TaskCompletionSource<long>();
        link.StateChanged += state =>
        {
            if (state != LinkState.Up)
                down.TrySetResult(Stopwatch.GetTimestamp());
        };
        var begun = Stopwatch.GetTimestamp();
        await call();
        return Stopwatch.GetElapsedTime(begun, await Eventually.Happens("the connection is cut", down.Task));
    }

    private string CaFile(string authority) => Path.Combine(rig.Folder.File(authority), "ca.pem");

    private async Task<IssuedCredentials> MakeAsync(string name) =>
        (await rig.Registry.CreateAsync(new NewDevice(name, DeviceKind.So101Leader), default)).Issued!;

    private async Task<IReadOnlyList<DeviceCertificate>> CertificatesAsync(string name) => (await rig.Registry.FindAsync(name, default))!.Certificates;

    private async Task<JsonArray> AuthoritiesAsync() => (await Second.AskAsync(HttpMethod.Get, "/authorities", null)).Body!["items"]!.AsArray();

    private async Task<MqttLink> ConnectAsync(WholeSilo silo, string name, IssuedCredentials issued)
    {
        var trusted = (await silo.Of<IDeviceRegistry>().BrokerAsync(default)).Authority;
        var link = new MqttLink(
            new LinkOptions
            {
                ClientId = name,
                Instance = name,
                Port = PortOf(silo),
                Tls = new LinkTls(
                    rig.Folder.Write("trusted.pem", trusted),
                    rig.Folder.Write($"{issued.Fingerprint}.pem", issued.Certificate),
                    rig.Folder.Write($"{issued.Fingerprint}.key", issued.PrivateKey()!)),
            },
            logs.For<MqttLink>());
        await link.StartAsync(default);
        await Eventually.Holds($"{name} is connected", () => link.State == LinkState.Up);
        return link;
    }

    /// <summary>Whether the endpoint's certificate comes from an authority.</summary>
    private async Task<bool> TrustsAsync(WholeSilo silo, string authority)
    {
        using var client = new TcpClient("127.0.0.1", PortOf(silo));
        X509Certificate2? shown = null;
        await using var tls = new SslStream(client.GetStream(), false, (_, certificate, _, _) => (shown = new X509Certificate2(certificate!)) is not null);
        await tls.AuthenticateAsClientAsync("127.0.0.1");
        using var ca = X509CertificateLoader.LoadCertificateFromFile(CaFile(authority));
        using (shown)
            return shown!.Issuer == ca.Subject;
    }
}
