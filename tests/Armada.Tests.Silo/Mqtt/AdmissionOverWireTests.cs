using System.Diagnostics;
using System.Net.Sockets;
using Armada.Core.Devices;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;
using Armada.Tests.Silo.Identities.Registry;
using Device = Armada.Tests.Silo.Identities.Registry.ThirdParty;

namespace Armada.Tests.Silo.Mqtt;

/// <summary>Every rule of admission, in both versions of MQTT and over both transports, asked byte for byte as a board asks.</summary>
public sealed class AdmissionOverWireTests : IAsyncLifetime, IDisposable
{
    private static readonly TimeSpan CutsWithin = TimeSpan.FromMilliseconds(100 + 400); // By design, and for a busy machine.

    private const int MaxUnproven = 8;

    private readonly FailOnLoggedErrors logs = new();
    private OwnRig rig = null!;

    public static TheoryData<string, string> Ways => new() { { "tls", "311" }, { "tls", "5" }, { "wss", "311" }, { "wss", "5" } };

    public async Task InitializeAsync() => rig = await OwnRig.StartAsync(logs, with: http => http with { Limits = new() { UnprovenConnectionsPerAddress = MaxUnproven } });

    public async Task DisposeAsync() => await rig.DisposeAsync();

    public void Dispose() => logs.Dispose();

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_registered_certificate_connects_and_none_or_a_foreign_one_does_not(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");
        using var elsewhere = new TempFolder();
        using var strangers = new TestCertificates(elsewhere);

        foreach (var wrong in new[] { arm with { Files = null }, arm with { Files = strangers.Client("arm-1") } })
        {
            // In TLS 1.3 a client learns only from the first answer that its certificate was refused.
            await using var client = await WireClient.OpenAsync(rig, wrong, transport, version);
            Assert.True(client is null || await client.ConnectAsync("arm-1") == WireClient.Closed);
        }

        await using var right = await ConnectAsync(arm, transport, version);
        Assert.True(await right.PingsAsync());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Silent_connections_keep_no_device_out_and_cut_none_off(string transport, string version)
    {
        var (first, second) = (await MakeAsync("arm-1"), await MakeAsync("arm-2"));
        await using var before = await ConnectAsync(first, transport, version);
        var silent = new List<TcpClient>();
        for (var one = 0; one < MaxUnproven + 2; one++)
            silent.Add(new TcpClient("127.0.0.1", transport == "tls" ? rig.Port : rig.Address("https").Port));

        await using var after = await ConnectAsync(second, transport, version);

        Assert.True(await before.PingsAsync());
        Assert.True(await after.PingsAsync());
        silent.ForEach(one => one.Dispose());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_client_id_that_is_not_the_certificates_name_and_a_will_on_a_foreign_topic_are_refused(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");

        Assert.NotEqual(WireClient.Accepted, await AskAsync(arm, transport, version, client => client.ConnectAsync("arm-2")));
        Assert.NotEqual(WireClient.Accepted, await AskAsync(arm, transport, version, client => client.ConnectAsync("")));
        Assert.NotEqual(WireClient.Accepted, await AskAsync(arm, transport, version, client => client.ConnectAsync("arm-1", will: "armada/v1/arm-2/presence")));
        Assert.Equal(WireClient.Accepted, await AskAsync(arm, transport, version, client => client.ConnectAsync("arm-1", will: "armada/v1/arm-1/presence")));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_publish_to_a_foreign_topic_is_refused_in_the_words_of_the_version(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");
        var heard = 0;
        foreach (var topic in new[] { "armada/v1/arm-2/state", "armada/v1/arm-1/cmd" })
        {
            rig.Hear(topic, (_, _) => Interlocked.Increment(ref heard));
            foreach (var (qos, isRetained) in new[] { (1, false), (1, true), (0, false) })
            {
                await using var client = await ConnectAsync(arm, transport, version);
                var code = await client.PublishAsync(topic, [1], qos, isRetained);
                if (version == "311")
                    await client.EndsAsync(); // Nothing but the end tells it.
                else
                    Assert.Equal((qos == 1, true), (WireClient.IsRefusal(code), await client.PingsAsync()));
            }
        }

        Assert.Equal(0, heard);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_client_hears_its_own_topics_and_is_refused_all_others(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");
        await using var client = await ConnectAsync(arm, transport, version);

        foreach (var foreign in new[] { "#", "+/+/+/cmd", "armada/v1/arm-2/cmd", "armada/v1/arm-1/state", "$SYS/#" })
            Assert.True(WireClient.IsRefusal(await client.SubscribeAsync(foreign)), foreign);
        Assert.Equal(0, await client.SubscribeAsync("armada/v1/arm-1/cmd"));
        Assert.Equal(1, await client.SubscribeAsync("armada/v1/arm-1/ctl", qos: 1));

        Assert.False(rig.Says("armada/v1/arm-2/cmd", "not for arm-1"));
        Assert.True(rig.Says("armada/v1/arm-1/cmd", "command"));
        await client.HearsAsync("command");
        Assert.True(rig.Says("armada/v1/arm-1/ctl", "control"));
        await client.HearsAsync("control");
        Assert.DoesNotContain("not for arm-1", client.Heard);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task What_a_client_publishes_to_its_own_topics_is_heard(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");
        var heard = 0;
        await using var client = await ConnectAsync(arm, transport, version);
        foreach (var own in new[] { "state", "presence", "ctl/reply" })
        {
            rig.Hear($"armada/v1/arm-1/{own}", (_, _) => Interlocked.Increment(ref heard));
            Assert.Equal(WireClient.Accepted, await client.PublishAsync($"armada/v1/arm-1/{own}", [1, 2, 3]));
            Assert.Equal(WireClient.Accepted, await client.PublishAsync($"armada/v1/arm-1/{own}", [1, 2, 3], qos: 1));
        }

        await Eventually.Holds("all six are heard", () => heard == 6);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Packets_that_come_together_are_answered_without_waiting_for_more(string transport, string version)
    {
        await using var client = await ConnectAsync(await MakeAsync("arm-1"), transport, version);

        await client.SendAsync([0xC0, 0, 0xC0, 0]);

        Assert.True(await client.AnswersPingAsync());
        Assert.True(await client.AnswersPingAsync());
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_second_client_without_an_instance_is_refused_while_the_first_is_heard_and_replaces_one_that_left(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");
        await using (var first = await ConnectAsync(arm, transport, version))
        {
            Assert.NotEqual(WireClient.Accepted, await AskAsync(arm, transport, version, client => client.ConnectAsync("arm-1")));
            Assert.True(await first.PingsAsync());
            await first.SendAsync([0xE0, 0]); // DISCONNECT.
        }

        await Eventually.HoldsAsync("the next one connects", async () => await AskAsync(arm, transport, version, client => client.ConnectAsync("arm-1")) == WireClient.Accepted);
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("wss")]
    public async Task The_same_instance_takes_its_own_place_and_another_one_is_refused(string transport)
    {
        var arm = await MakeAsync("arm-1");
        await using var first = await WireClient.OpenAsync(rig, arm, transport, "5");
        Assert.Equal(WireClient.Accepted, await first!.ConnectAsync("arm-1", instance: "a"));

        Assert.NotEqual(WireClient.Accepted, await AskAsync(arm, transport, "5", client => client.ConnectAsync("arm-1", instance: "b")));
        Assert.Equal(WireClient.Accepted, await AskAsync(arm, transport, "5", client => client.ConnectAsync("arm-1", instance: "a")));
        await first.EndsAsync();
    }

    [Theory]
    [Trait("Category", "Timed")]
    [MemberData(nameof(Ways))]
    public async Task A_deleted_device_is_cut_and_does_not_come_back(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");
        await using var client = await ConnectAsync(arm, transport, version);

        var begun = Stopwatch.GetTimestamp();
        await rig.Registry.DeleteAsync("arm-1", default);
        await client.EndsAsync();

        Assert.True(Stopwatch.GetElapsedTime(begun) < CutsWithin, $"it was cut after {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");
        Assert.NotEqual(WireClient.Accepted, await AskAsync(arm, transport, version, again => again.ConnectAsync("arm-1")));
    }

    [Theory]
    [Trait("Category", "Timed")]
    [InlineData("tls")]
    [InlineData("wss")]
    public async Task A_deleted_device_that_reads_nothing_is_cut_as_soon(string transport)
    {
        await using var client = await ConnectAsync(await MakeAsync("arm-1"), transport, "311");
        Assert.Equal(1, await client.SubscribeAsync("armada/v1/arm-1/ctl", qos: 1));
        var text = new string('x', 4000);
        for (var message = 0; message < 500; message++)
            rig.Says("armada/v1/arm-1/ctl", text); // More than both sockets take.

        var begun = Stopwatch.GetTimestamp();
        await rig.Registry.DeleteAsync("arm-1", default);

        Assert.True(Stopwatch.GetElapsedTime(begun) < CutsWithin, $"it took {Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms");
        Assert.False(rig.Says("armada/v1/arm-1/ctl", "gone"));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Packets_that_are_too_large_or_none_end_the_connection(string transport, string version)
    {
        var arm = await MakeAsync("arm-1");
        await using (var early = (await WireClient.OpenAsync(rig, arm, transport, version))!)
        {
            await early.SendAsync([0x10, 0x81, 0x40]); // 8,193 bytes before CONNECT.
            await early.EndsAsync();
        }

        foreach (var wrong in new byte[][] { [0x30, 0x81, 0x80, 0x04], [0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], [0x10, 0x00], [0xF0 - 0xF0, 0x00] })
        {
            await using var client = await ConnectAsync(arm, transport, version);
            await client.SendAsync(wrong);
            await client.EndsAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_board_has_the_topic_of_its_role(string transport, string version)
    {
        var (leader, follower) = (await MakeAsync("board-1", BoardRole.Leader), await MakeAsync("board-2", BoardRole.Follower));
        var heard = 0;
        rig.Hear("the-project/robotic/board-1/state", (_, _) => Interlocked.Increment(ref heard));
        await using var one = await ConnectAsync(leader, transport, version);
        await using var two = await ConnectAsync(follower, transport, version);

        Assert.Equal(WireClient.Accepted, await one.PublishAsync("the-project/robotic/board-1/state", "{}"u8.ToArray(), qos: 1));
        Assert.Equal(0, await two.SubscribeAsync("the-project/robotic/board-2/state"));
        Assert.True(WireClient.IsRefusal(await two.SubscribeAsync("the-project/robotic/board-1/state")));
        Assert.True(rig.Says("the-project/robotic/board-2/state", "pose"));
        await two.HearsAsync("pose");
        Assert.Equal(1, heard);
    }

    private async Task<WireClient> ConnectAsync(Device device, string transport, string version)
    {
        var client = (await WireClient.OpenAsync(rig, device, transport, version))!;

        // The one before may not have gone yet.
        var code = await client.ConnectAsync(device.Name);
        for (var attempt = 0; code != WireClient.Accepted && attempt < 100; attempt++)
        {
            await client.DisposeAsync();
            client = (await WireClient.OpenAsync(rig, device, transport, version))!;
            code = await client.ConnectAsync(device.Name);
        }

        Assert.Equal(WireClient.Accepted, code);
        return client;
    }

    private async Task<byte> AskAsync(Device device, string transport, string version, Func<WireClient, Task<byte>> ask)
    {
        await using var client = await WireClient.OpenAsync(rig, device, transport, version);
        return client is null ? WireClient.Closed : await ask(client);
    }

    private async Task<Device> MakeAsync(string name, BoardRole? role = null)
    {
        var kind = role is null ? DeviceKind.So101Leader : DeviceKind.MicroPythonArm;
        return Device.Of(rig, name, (await rig.Registry.CreateAsync(new NewDevice(name, kind, role), default)).Issued!);
    }
}
