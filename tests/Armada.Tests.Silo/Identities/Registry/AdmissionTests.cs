using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Devices;
using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Tests.Silo.Identities.Registry;

/// <summary>Who comes in at the real broker and what they may do there, played by clients that are not ours.</summary>
[Trait("Category", "Timed")]
public sealed class AdmissionTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan CutsWithin = TimeSpan.FromSeconds(2);

    private readonly FailOnLoggedErrors logs = new();
    private OwnRig rig = null!;

    public async Task InitializeAsync() => rig = await OwnRig.StartAsync(logs);

    public async Task DisposeAsync() => await rig.DisposeAsync();

    public void Dispose() => logs.Dispose();

    [Fact]
    public async Task The_right_certificate_comes_in_and_none_a_foreign_or_an_expired_one_does_not()
    {
        var arm = await MakeAsync("arm-1");
        Assert.True(await arm.ComesInAsync());

        Assert.False(await (arm with { Files = null }).ComesInAsync());
        using var elsewhere = new TempFolder();
        using var strangers = new TestCertificates(elsewhere);
        Assert.False(await (arm with { Files = strangers.Client("arm-1") }).ComesInAsync());
        Assert.False(await (arm with { Files = Expired("arm-1") }).ComesInAsync());
        Assert.False(await (arm with { Ca = strangers.CaFile }).ComesInAsync()); // And a device trusts no other broker.
        Assert.True(await arm.ComesInAsync());
    }

    [Fact]
    public async Task The_broker_shows_a_certificate_of_its_authority_and_speaks_nothing_older_than_TLS_1_2()
    {
        var at = $"127.0.0.1:{rig.Port}";
        var (_, shown) = await OpenSsl.TryAsync("s_client", "-connect", at, "-CAfile", rig.CaFile, "-verify_return_error", "-verify_ip", "127.0.0.1", "-brief");
        Assert.Contains("Verification: OK", shown, StringComparison.Ordinal);

        var (exit, old) = await OpenSsl.TryAsync("s_client", "-connect", at, "-CAfile", rig.CaFile, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0", "-brief");
        Assert.True(exit != 0, old);
    }

    [Fact]
    public async Task A_device_says_and_hears_only_what_is_its_own()
    {
        var (arm, other) = (await MakeAsync("arm-1"), await MakeAsync("arm-10"));
        foreach (var own in new[] { "state", "presence", "ctl/reply" })
            Assert.True(await arm.PublishesAsync($"armada/v1/arm-1/{own}"), own);
        foreach (var foreign in new[]
        {
            "armada/v1/arm-1/cmd", "armada/v1/arm-1/ctl", "armada/v1/arm-1/other", "armada/v1/arm-1", "armada/v1/arm-10/state", "armada/v1/arm-10/presence",
            "armada/v1/arm-10/ctl/reply", "armada/v1/arm-10/cmd", "armada/v2/arm-1/state", "the-project/robotic/arm-1/state", "free", "$SYS/broker/x",
        })
        {
            Assert.False(await arm.PublishesAsync(foreign), foreign);
        }

        await using var ear = await arm.ListensAsync("#", "$SYS/#", "armada/v1/+/cmd", "armada/v1/arm-10/ctl", "armada/v1/arm-1/cmd", "armada/v1/arm-1/ctl");
        await using var otherEar = await other.ListensAsync("armada/v1/arm-10/cmd");
        foreach (var topic in new[] { "armada/v1/arm-10/cmd", "armada/v1/arm-10/ctl", "armada/v1/arm-10/state", "armada/v1/arm-1/state", "the-project/robotic/arm-1/state" })
            await SiloSaysAsync(topic, "not for arm-1");
        await SiloSaysAsync("armada/v1/arm-1/cmd", "command");
        await SiloSaysAsync("armada/v1/arm-1/ctl", "last");

        await ear.PrintsAsync("armada/v1/arm-1/ctl last");
        await otherEar.PrintsAsync("armada/v1/arm-10/cmd not for arm-1");
        Assert.Contains("armada/v1/arm-1/cmd command", ear.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("not for arm-1", ear.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("$SYS/broker", ear.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_calls_itself_another_is_still_itself_and_throws_nobody_out()
    {
        var (arm, other) = (await MakeAsync("arm-1"), await MakeAsync("arm-2"));
        await using var ear = await other.ListensAsync("armada/v1/arm-2/cmd");

        var disguised = arm with { Name = "arm-2" };
        Assert.True(await disguised.PublishesAsync("armada/v1/arm-1/state"));
        Assert.False(await disguised.PublishesAsync("armada/v1/arm-2/state"));

        await SiloSaysAsync("armada/v1/arm-2/cmd", "still here");
        await ear.PrintsAsync("still here");
        Assert.Single(ear.Lines, line => line.Contains("sending CONNECT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_board_has_its_dialects_topic_by_its_role_and_no_other_kind_has()
    {
        var leader = await MakeAsync("board-1", DeviceKind.MicroPythonArm, BoardRole.Leader);
        var follower = await MakeAsync("board-2", DeviceKind.MicroPythonArm, BoardRole.Follower);

        Assert.True(await leader.PublishesAsync("the-project/robotic/board-1/state"));
        Assert.True(await leader.PublishesAsync("armada/v1/board-1/state"));
        Assert.False(await leader.PublishesAsync("the-project/robotic/board-2/state"));
        Assert.False(await follower.PublishesAsync("the-project/robotic/board-2/state"));
        Assert.False(await follower.PublishesAsync("the-project/robotic/board-1/state"));
        await using var ear = await follower.ListensAsync("the-project/robotic/+/state", "the-project/robotic/board-2/state");
        await SiloSaysAsync("the-project/robotic/board-1/state", "not yours");
        await SiloSaysAsync("the-project/robotic/board-2/state", "pose");
        await ear.PrintsAsync("board-2/state pose");
        Assert.DoesNotContain("not yours", ear.Output, StringComparison.Ordinal);

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
        var (before, cut) = (new TaskCompletionSource(), new TaskCompletionSource<long>());
        // A link of ours reports at once when its connection ends; mosquitto_sub only after it has tried to reconnect.
        await using var link = new MqttLink(
            new LinkOptions { ClientId = "arm-1", Port = arm.Port, Tls = new LinkTls(arm.Ca, arm.Files!.Value.Certificate, arm.Files.Value.Key) },
            logs.For<MqttLink>());
        link.Subscribe("armada/v1/arm-1/cmd", Delivery.Sample, (_, _) => before.TrySetResult());
        var wasUp = false;
        link.StateChanged += state =>
        {
            if (state == LinkState.Down && wasUp)
                cut.TrySetResult(Stopwatch.GetTimestamp());
            wasUp |= state == LinkState.Up;
        };
        await link.StartAsync(default);
        await Eventually.Holds("the device is connected", () => link.State == LinkState.Up);
        await SiloSaysAsync("armada/v1/arm-1/cmd", "before");
        await Eventually.Happens("the device hears its commands", before.Task);

        var begun = Stopwatch.GetTimestamp();
        await rig.Registry.DeleteAsync("arm-1", default);
        var after = Stopwatch.GetElapsedTime(begun, await Eventually.Happens("the deleted device is cut", cut.Task));

        Assert.True(after < CutsWithin, $"it was cut {after.TotalMilliseconds:0} ms after it was deleted");
        Assert.False(await arm.ComesInAsync());
        await SiloSaysAsync("armada/v1/arm-2/cmd", "you stay");
        await otherEar.PrintsAsync("you stay");
        Assert.Single(otherEar.Lines, line => line.Contains("sending CONNECT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_device_changes_to_its_new_certificate_and_the_old_one_is_good_no_more()
    {
        var old = await MakeAsync("arm-1");
        var young = ThirdParty.Of(rig, "arm-1", (await rig.Registry.RotateAsync("arm-1", null, default)).Issued!);
        Assert.True(await old.ComesInAsync());
        await using var ear = await young.ListensAsync("armada/v1/arm-1/cmd");

        await rig.Registry.SeenAsync("arm-1", (await rig.Registry.FindAsync("arm-1", default))!.Newest!.Fingerprint, default);

        Assert.False(await old.ComesInAsync());
        await SiloSaysAsync("armada/v1/arm-1/cmd", "still connected");
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
    public async Task The_silos_own_door_lets_no_device_in()
    {
        var arm = await MakeAsync("arm-1");

        Assert.False(await (arm with { Port = rig.Broker.InnerPort, Ca = Path.Combine(rig.DataPath, "broker", "silo.pem") }).ComesInAsync());
    }

    [Fact]
    public async Task Without_TLS_nobody_comes_in_unless_a_plain_listener_on_loopback_was_asked_for()
    {
        Assert.NotEqual(0, await PlainAsync(rig.Port));

        var plain = FreePort.Next();
        await using var open = await OwnRig.StartAsync(logs, plain);
        Assert.Equal(0, await PlainAsync(plain));
        Assert.NotEqual(0, await PlainAsync(open.Port));
        var arm = ThirdParty.Of(open, "arm-1", (await open.Registry.CreateAsync(new NewDevice("arm-1", DeviceKind.Agent), default)).Issued!);
        Assert.False(await arm.PublishesAsync("armada/v1/arm-2/state")); // What anybody may do there, a device may not do here.
        Assert.False(await (arm with { Files = null }).ComesInAsync());
    }

    [Fact]
    public async Task A_broker_that_dies_is_started_again_and_knows_everybody_as_before()
    {
        var (arm, gone) = (await MakeAsync("arm-1"), await MakeAsync("arm-2"));
        await rig.Registry.DeleteAsync("arm-2", default);

        await using var kill = RunningProcess.Start("pkill", "-KILL", "-f", Path.Combine(rig.DataPath, "broker", "mosquitto.conf"));
        Assert.Equal(0, await kill.ExitsAsync());

        await Eventually.HoldsAsync("the broker takes devices again", arm.ComesInAsync);
        Assert.False(await gone.ComesInAsync());
    }

    private async Task<ThirdParty> MakeAsync(string name, DeviceKind kind = DeviceKind.So101Leader, BoardRole? role = null) =>
        ThirdParty.Of(rig, name, (await rig.Registry.CreateAsync(new NewDevice(name, kind, role), default)).Issued!);

    private static async Task<int> PlainAsync(int port)
    {
        await using var client = RunningProcess.Start(
            "mosquitto_pub", "-h", "127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture), "-q", "1", "-t", "armada/v1/arm-2/state", "-m", "x");
        return await client.ExitsAsync(TimeSpan.FromSeconds(30));
    }

    private async Task SiloSaysAsync(string topic, string text)
    {
        var watch = await File.ReadAllLinesAsync(Path.Combine(rig.DataPath, "broker", "watch", "mosquitto_sub"));
        await using var client = RunningProcess.Start(
            "mosquitto_pub", [.. watch.SelectMany(line => line.Split(' ', 2)), "-i", $"silo-{RandomNumberGenerator.GetHexString(6)}", "-q", "1", "-t", topic, "-m", text]);
        Assert.True(await client.ExitsAsync() == 0, client.Output);
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
