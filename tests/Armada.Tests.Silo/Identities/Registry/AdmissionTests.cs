using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Core.Topics;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>Who may connect to the device endpoint and what they may do there, played by clients that are not ours.</summary>
[Trait("Category", "Timed")]
public sealed class AdmissionTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan CutsWithin = TimeSpan.FromMilliseconds(100 + 400); // By design, and for a busy machine.

    private readonly FailOnLoggedErrors logs = new();
    private OwnRig rig = null!;

    public static TheoryData<string> Versions => ["311", "5"];

    public async Task InitializeAsync() => rig = await OwnRig.StartAsync(logs);

    public async Task DisposeAsync() => await rig.DisposeAsync();

    public void Dispose() => logs.Dispose();

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task The_right_certificate_connects_and_none_a_foreign_or_an_expired_one_does_not(string version)
    {
        var arm = await MakeAsync("arm-1") with { Version = version };
        Assert.True(await arm.ComesInAsync());

        Assert.False(await (arm with { Files = null }).ComesInAsync());
        using var elsewhere = new TempFolder();
        using var strangers = new TestCertificates(elsewhere);
        Assert.False(await (arm with { Files = strangers.Client("arm-1") }).ComesInAsync());
        Assert.False(await (arm with { Files = Expired("arm-1") }).ComesInAsync());
        Assert.False(await (arm with { Ca = strangers.CaFile }).ComesInAsync()); // And a device trusts no other endpoint.
        Assert.True(await arm.ComesInAsync());
    }

    [Fact]
    public async Task The_endpoint_shows_a_certificate_of_its_authority_and_speaks_nothing_older_than_TLS_1_2()
    {
        var at = $"127.0.0.1:{rig.Port}";
        var (_, shown) = await OpenSsl.TryAsync("s_client", "-connect", at, "-CAfile", rig.CaFile, "-verify_return_error", "-verify_ip", "127.0.0.1", "-brief");
        Assert.Contains("Verification: OK", shown, StringComparison.Ordinal);

        var (exit, old) = await OpenSsl.TryAsync("s_client", "-connect", at, "-CAfile", rig.CaFile, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-brief");
        Assert.True(exit != 0, old);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_device_publishes_to_its_own_topics_and_to_no_others(string version)
    {
        var arm = await MakeAsync("arm-1") with { Version = version };
        var heard = new List<string>();
        foreach (var own in new[] { "state", "presence", "ctl/reply" })
        {
            rig.Hear($"armada/v1/arm-1/{own}", (_, payload) =>
            {
                lock (heard)
                    heard.Add(own);
            });
            Assert.True(await arm.PublishesAsync($"armada/v1/arm-1/{own}"), own);
        }

        foreach (var foreign in new[]
        {
            "armada/v1/arm-1/cmd", "armada/v1/arm-1/ctl", "armada/v1/arm-1/other", "armada/v1/arm-1", "armada/v1/arm-10/state", "armada/v1/arm-10/presence",
            "armada/v1/arm-10/ctl/reply", "armada/v1/arm-10/cmd", "armada/v2/arm-1/state", "the-project/robotic/arm-1/state", "free", "$SYS/broker/x",
        })
        {
            rig.Hear(foreign, (_, _) =>
            {
                lock (heard)
                    heard.Add(foreign);
            });
            Assert.False(await arm.PublishesAsync(foreign), foreign);
            Assert.False(await arm.PublishesAsync(foreign, more: "-r"), $"{foreign}, retained");
        }

        Assert.False(await arm.PublishesAsync("armada/v1/arm-1/state", more: ["--will-topic", "armada/v1/arm-10/presence", "--will-payload", "x"]));
        Assert.Equal(["state", "presence", "ctl/reply"], heard);
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_device_hears_only_what_is_its_own(string version)
    {
        var arm = await MakeAsync("arm-1") with { Version = version };
        await using var ear = await arm.ListensAsync("#", "$SYS/#", "armada/v1/+/cmd", "armada/v1/arm-10/ctl", "armada/v1/arm-1/cmd", "armada/v1/arm-1/ctl");

        foreach (var topic in new[] { "armada/v1/arm-10/cmd", "armada/v1/arm-10/ctl", "armada/v1/arm-10/state", "armada/v1/arm-1/state", "the-project/robotic/arm-1/state" })
            Assert.False(rig.Says(topic, "not for arm-1"), topic);
        Assert.True(rig.Says("armada/v1/arm-1/cmd", "command"));
        Assert.True(rig.Says("armada/v1/arm-1/ctl", "last"));

        await ear.PrintsAsync("armada/v1/arm-1/ctl last");
        Assert.Contains("armada/v1/arm-1/cmd command", ear.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not for arm-1", ear.Output, StringComparison.Ordinal);
        Assert.Contains($"{(version == "5" ? "135, 135, 135, 135" : "128, 128, 128, 128")}, 0, 0", ear.Output, StringComparison.Ordinal); // One reason code a filter, in the order asked.
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task A_client_whose_id_is_not_its_certificates_name_is_refused_and_throws_nobody_out(string version)
    {
        var (arm, other) = (await MakeAsync("arm-1") with { Version = version }, await MakeAsync("arm-2") with { Version = version });
        await using var ear = await other.ListensAsync("armada/v1/arm-2/cmd");

        var disguised = arm with { Name = "arm-2" };
        Assert.False(await disguised.PublishesAsync("armada/v1/arm-1/state"));
        Assert.False(await disguised.PublishesAsync("armada/v1/arm-2/state"));

        Assert.True(rig.Says("armada/v1/arm-2/cmd", "still here"));
        await ear.PrintsAsync("still here");
        Assert.Single(ear.Lines, line => line.Contains("sending CONNECT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_second_machine_of_the_same_name_is_refused_while_the_first_is_heard()
    {
        var arm = await MakeAsync("arm-1");
        await using var first = await ConnectAsync(arm, "instance-a");
        await using var second = Link(arm, "instance-b");
        await second.StartAsync(default);

        await Eventually.Holds(
            "the second is told why",
            () => logs.Entries.Any(entry => entry.Message.Contains("another machine is connected as arm-1", StringComparison.Ordinal)));
        Assert.Equal((LinkState.Up, 0L, LinkState.Down), (first.State, first.Counters.Reconnects, second.State));
        await first.DisposeAsync();

        await Eventually.Holds("the second takes the place of the first when that is gone", () => second.State == LinkState.Up);
    }

    [Fact]
    public async Task A_board_has_its_dialects_topic_by_its_role_and_no_other_kind_has()
    {
        var leader = await MakeAsync("board-1", DeviceKind.MicroPythonArm, BoardRole.Leader);
        var follower = await MakeAsync("board-2", DeviceKind.MicroPythonArm, BoardRole.Follower);

        Assert.True(await leader.PublishesAsync("the-project/robotic/board-1/state"));
        Assert.False(await leader.PublishesAsync("armada/v1/board-1/state"));
        Assert.False(await leader.PublishesAsync("the-project/robotic/board-2/state"));
        Assert.False(await follower.PublishesAsync("the-project/robotic/board-2/state"));
        Assert.False(await follower.PublishesAsync("the-project/robotic/board-1/state"));
        await using (var ear = await follower.ListensAsync("the-project/robotic/+/state", "the-project/robotic/board-2/state"))
        {
            Assert.False(rig.Says("the-project/robotic/board-1/state", "not yours"));
            Assert.True(rig.Says("the-project/robotic/board-2/state", "pose"));
            await ear.PrintsAsync("board-2/state pose");
            Assert.DoesNotContain("not yours", ear.Output, StringComparison.Ordinal);
        }

        await rig.RestartAsync(); // What a board may do is known from its document, and not only when it is made.
        Assert.True(await leader.PublishesAsync("the-project/robotic/board-1/state"));
        await rig.Registry.DeleteAsync("board-1", default);
        Assert.False(await leader.ComesInAsync());
        var arm = await MakeAsync("board-1");
        Assert.True(await arm.PublishesAsync("armada/v1/board-1/state"));
        Assert.False(await arm.PublishesAsync("the-project/robotic/board-1/state"));
    }

    [Fact]
    public async Task A_deleted_device_is_cut_in_the_middle_of_its_stream_and_the_others_are_not()
    {
        var (arm, other) = (await MakeAsync("arm-1"), await MakeAsync("arm-2"));
        await using var otherEar = await other.ListensAsync("armada/v1/arm-2/cmd");
        // A link of ours reports at once when its connection ends; mosquitto_sub only after it has tried to reconnect.
        await using var link = await ConnectAsync(arm, "instance");
        var cut = new TaskCompletionSource<long>();
        link.StateChanged += state =>
        {
            if (state == LinkState.Down)
                cut.TrySetResult(Stopwatch.GetTimestamp());
        };

        var begun = Stopwatch.GetTimestamp();
        await rig.Registry.DeleteAsync("arm-1", default);
        var after = Stopwatch.GetElapsedTime(begun, await Eventually.Happens("the deleted device is cut", cut.Task));

        Assert.True(after < CutsWithin, $"it was cut {after.TotalMilliseconds:0} ms after it was deleted");
        Assert.False(await arm.ComesInAsync());
        Assert.True(rig.Says("armada/v1/arm-2/cmd", "you stay"));
        await otherEar.PrintsAsync("you stay");
        Assert.Single(otherEar.Lines, line => line.Contains("sending CONNECT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_device_whose_socket_is_stalled_is_cut_as_soon()
    {
        var arm = await MakeAsync("arm-1");
        await using var ear = await arm.ListensAsync("armada/v1/arm-1/cmd");
        await ear.SendAsync(Signal.Stop);
        var text = new string('x', 4000);
        for (var message = 0; message < 500; message++)
            rig.Says("armada/v1/arm-1/cmd", text); // More than both sockets take.

        var begun = Stopwatch.GetTimestamp();
        await rig.Registry.DeleteAsync("arm-1", default);

        Assert.True(Stopwatch.GetElapsedTime(begun) < CutsWithin, $"it took {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");
        Assert.False(rig.Says("armada/v1/arm-1/cmd", "gone"));
        await ear.SendAsync(Signal.Continue);
    }

    [Fact]
    public async Task A_device_changes_to_its_new_certificate_and_the_old_one_is_valid_no_more()
    {
        var old = await MakeAsync("arm-1");
        var young = ThirdParty.Of(rig, "arm-1", (await rig.Registry.RotateAsync("arm-1", null, default)).Issued!);
        Assert.True(await old.ComesInAsync());
        await using var ear = await young.ListensAsync("armada/v1/arm-1/cmd");

        await rig.Registry.SeenAsync("arm-1", (await rig.Registry.FindAsync("arm-1", default))!.Newest!.Fingerprint, default);

        Assert.False(await old.ComesInAsync());
        Assert.True(rig.Says("armada/v1/arm-1/cmd", "still connected"));
        await ear.PrintsAsync("still connected");
        Assert.Single(ear.Lines, line => line.Contains("sending CONNECT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_retired_certificate_is_cut_and_the_device_comes_back_with_its_other_one()
    {
        var old = await MakeAsync("arm-1");
        var young = ThirdParty.Of(rig, "arm-1", (await rig.Registry.RotateAsync("arm-1", null, default)).Issued!);
        await using var ear = await old.ListensAsync("armada/v1/arm-1/cmd");

        await rig.Registry.RetireAsync("arm-1", (await rig.Registry.FindAsync("arm-1", default))!.Certificates[0].Fingerprint, default);

        await Eventually.Happens("the client with the retired certificate ends", ear.ExitsAsync());
        Assert.False(await old.ComesInAsync());
        Assert.True(await young.ComesInAsync());
    }

    [Fact]
    public async Task Without_TLS_nobody_connects_unless_a_plain_listener_on_loopback_was_asked_for()
    {
        Assert.NotEqual(0, await PlainAsync(rig.Port, "arm-2"));

        var plain = FreePort.Next();
        await using var open = await OwnRig.StartAsync(logs, plain);
        Assert.Equal(0, await PlainAsync(plain, "arm-2"));
        Assert.NotEqual(0, await PlainAsync(plain, "arm-3")); // Its topics are those of its client id there too.
        Assert.NotEqual(0, await PlainAsync(open.Port, "arm-2"));
    }

    [Theory]
    [InlineData(new byte[] { 0x10, 0xFF, 0xFF, 0xFF, 0x7F })] // 256 MB, before CONNECT.
    [InlineData(new byte[] { 0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 })] // A length of five bytes.
    [InlineData(new byte[] { 0x30, 0x02, 0x00, 0x00 })] // PUBLISH before CONNECT.
    [InlineData(new byte[] { 0x00, 0x00 })] // A type that is none.
    public async Task What_is_no_connect_ends_the_connection(byte[] first)
    {
        var plain = FreePort.Next();
        await using var open = await OwnRig.StartAsync(logs, plain);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", plain);

        await client.GetStream().WriteAsync(first);

        Assert.Equal(0, await Eventually.Happens("the endpoint closes the connection", client.GetStream().ReadAsync(new byte[1]).AsTask()));
    }

    [Fact]
    public async Task A_second_path_comes_in_with_the_same_certificate_and_is_cut_with_it()
    {
        var arm = await MakeAsync("arm-1");
        var other = await MakeAsync("arm-2");
        await using var first = await ConnectAsync(arm, "one");
        await using var second = await ConnectAsync(arm, "one", DeviceName.SecondPath);
        await using var foreign = Link(arm with { Files = other.Files }, "one", DeviceName.SecondPath);
        await foreign.StartAsync(default);
        await Eventually.Holds("another device's certificate is refused", () => logs.Of(1720).Any(line => line.Message.Contains("its certificate is arm-2's", StringComparison.Ordinal)));
        Assert.Equal((LinkState.Up, LinkState.Up), (first.State, second.State));

        await rig.Registry.DeleteAsync("arm-1", default);

        await Eventually.Holds("both are cut", () => (first.State, second.State) == (LinkState.Down, LinkState.Down));
    }

    private MqttLink Link(ThirdParty arm, string instance, string path = "") => new(
        new LinkOptions { ClientId = arm.Name + path, Instance = instance, Port = arm.Port, Tls = new LinkTls(arm.Ca, arm.Files!.Value.Certificate, arm.Files.Value.Key) },
        logs.For<MqttLink>());

    private async Task<MqttLink> ConnectAsync(ThirdParty arm, string instance, string path = "")
    {
        var link = Link(arm, instance, path);
        await link.StartAsync(default);
        await Eventually.Holds("the device is connected", () => link.State == LinkState.Up);
        return link;
    }

    private async Task<ThirdParty> MakeAsync(string name, DeviceKind kind = DeviceKind.So101Leader, BoardRole? role = null) =>
        ThirdParty.Of(rig, name, (await rig.Registry.CreateAsync(new NewDevice(name, kind, role), default)).Issued!);

    private static async Task<int> PlainAsync(int port, string id)
    {
        await using var client = RunningProcess.Start(
            "mosquitto_pub", "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-i", id, "-q", "1", "-t", "armada/v1/arm-2/state", "-m", "x");
        return await client.ExitsAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>A certificate of the right authority whose time is over.</summary>
    private (string Certificate, string Key) Expired(string name)
    {
        using var authority = X509Certificate2.CreateFromPemFile(rig.CaFile, Path.Combine(rig.DataPath, "authority", "ca.key"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
            .Create(authority, authority.NotBefore, DateTimeOffset.UtcNow.AddMinutes(-1), [7]);
        return (rig.Folder.Write("expired.pem", certificate.ExportCertificatePem()), rig.Folder.Write("expired.key", key.ExportPkcs8PrivateKeyPem()));
    }
}
