using System.Collections.Concurrent;
using Armada.Core.Control;
using Armada.Core.Routing;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Devices;
using Armada.EdgeAgent.Hosting;
using Armada.EdgeAgent.Identities;
using Armada.EdgeAgent.Stops;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;

namespace Armada.Tests.Agent.Identities;

/// <summary>What a device answers to renew and certificate, and when it connects anew; the clock and the link are the test's.</summary>
public sealed class RenewalTests : IAsyncLifetime, IDisposable
{
    private readonly FailOnLoggedErrors logs = new();
    private readonly TempFolder folder = new();
    private readonly TestCertificates authority;
    private readonly HandTime time = new();
    private readonly QuietLink link = new();
    private readonly ConcurrentDictionary<string, ControlReply> replies = new();
    private readonly CancellationTokenSource end = new();
    private readonly List<Task> running = [];
    private Renewal renewal = null!;
    private Device device = null!;
    private int asked;

    public RenewalTests()
    {
        authority = new TestCertificates(folder);
        time.Advance(DateTimeOffset.UtcNow - time.GetUtcNow());
        var (certificate, key) = authority.Client("arm");
        File.Copy(certificate, CertificateFile);
        File.Copy(key, KeyFile);
        Begin("so101-leader");
    }

    private string CertificateFile => folder.File("own.pem");

    private string KeyFile => folder.File("own.key");

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await end.CancelAsync();
        await Task.WhenAll(running);
    }

    public void Dispose()
    {
        end.Dispose();
        authority.Dispose();
        folder.Dispose();
        logs.Dispose();
    }

    [Fact]
    public async Task Asked_again_it_gives_the_same_request_and_after_a_restart_one_for_the_same_key()
    {
        var first = await Csr();
        Assert.Equal(first, await Csr());
        Begin("so101-leader");
        var pem = authority.ForRequest(first, "arm");
        Assert.NotEqual(first, await Csr()); // Signed anew, and the key is the same:
        Assert.True((await Take(pem)).Ok, "the certificate for the first request is not taken");
    }

    [Fact]
    public async Task At_rest_it_connects_anew_at_once_and_a_certificate_that_is_sent_again_changes_nothing()
    {
        var before = Present();
        var pem = authority.ForRequest(await Csr(), "arm");
        Assert.True((await Take(pem)).Ok, "it was refused");
        Assert.NotEqual(before, Present());
        await Eventually.Holds("it connects anew", () => link.Reconnects == 1);
        renewal.Connected();
        Assert.Equal(Present(), renewal.PresentedCertificate);

        Assert.True((await Take(pem)).Ok, "it was refused when sent again");
        await Csr();
        Assert.Equal(1, link.Reconnects);
    }

    [Fact]
    public async Task A_leader_that_streams_is_left_alone_until_it_stops()
    {
        renewal.Connected();
        var old = renewal.PresentedCertificate;
        device.LeaderStream.TryStart(7, null);
        Assert.True((await Take(authority.ForRequest(await Csr(), "arm"))).Ok, "it was refused");
        await TimePasses(TimeSpan.FromHours(3));
        Assert.Equal(0, link.Reconnects);
        Assert.Equal(old, renewal.PresentedCertificate);

        device.LeaderStream.TryStop(7);
        await TimePasses(TimeSpan.FromSeconds(1));
        Assert.Equal(1, link.Reconnects);
    }

    [Fact]
    public async Task Asked_while_it_is_left_alone_it_stays_with_the_certificate_that_it_has()
    {
        renewal.Connected();
        device.LeaderStream.TryStart(7, null);
        var pem = authority.ForRequest(await Csr(), "arm");
        Assert.True((await Take(pem)).Ok, "it was refused");
        var stored = Present();

        var again = await Csr();
        Assert.Equal(again, await Csr());
        Assert.Equal(KeyOf(authority.ForRequest(again, "arm")), KeyOf(pem));
        Assert.True((await Take(pem)).Ok, "it was refused when sent again");
        Assert.Equal(stored, Present());
        Assert.False(File.Exists(KeyFile + ".new"), "it made another key");

        renewal.Connected();
        Assert.NotEqual(KeyOf(authority.ForRequest(await Csr(), "arm")), KeyOf(pem));
    }

    [Fact]
    public async Task A_follower_is_left_alone_until_three_seconds_after_its_last_command()
    {
        Begin("so101-follower");
        device.Inbox.TryStart(7);
        Command(1);
        Assert.True((await Take(authority.ForRequest(await Csr(), "arm"))).Ok, "it was refused");
        await TimePasses(TimeSpan.FromSeconds(2));
        Command(2);
        await TimePasses(TimeSpan.FromSeconds(2));
        Assert.Equal(0, link.Reconnects);
        await TimePasses(TimeSpan.FromSeconds(2));
        Assert.Equal(1, link.Reconnects);
    }

    [Fact]
    public async Task An_arm_that_never_rests_is_cut_a_day_before_its_old_certificate_ends()
    {
        device.LeaderStream.TryStart(7, null);
        using var old = new CredentialFiles(CertificateFile, KeyFile).Certificate()!;
        Assert.True((await Take(authority.ForRequest(await Csr(), "arm"))).Ok, "it was refused");
        await TimePasses(new DateTimeOffset(old.NotAfter) - TimeSpan.FromHours(24) - TimeSpan.FromMinutes(1) - time.GetUtcNow());
        Assert.Equal(0, link.Reconnects);
        await TimePasses(TimeSpan.FromMinutes(1));
        Assert.Equal(1, link.Reconnects);
    }

    [Fact]
    public async Task What_was_not_asked_for_is_refused_in_words_and_the_pair_stays()
    {
        using var foreign = new TestCertificates(folder, "foreign-ca");
        var request = await Csr();
        var before = Present();
        foreach (var (pem, words) in new[]
        {
            ("nothing", "not in PEM format"),
            (authority.ForRequest(request, "other"), "is for 'other'"),
            (File.ReadAllText(authority.Client("arm").CertificateFile), "another key"),
            (foreign.ForRequest(request, "arm"), "the authority"),
            (authority.ForRequest(request, "arm", DateTimeOffset.UtcNow.AddHours(-1)), "expired at"),
        })
        {
            var reply = await Take(pem);
            Assert.False(reply.Ok, $"it took what {words} says");
            Assert.Contains(words, reply.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, Present());
        Assert.Equal(0, link.Reconnects);
        Assert.True((await Take(authority.ForRequest(request, "arm"))).Ok, "the right one was refused afterwards");
    }

    [Fact]
    public async Task A_disk_that_refuses_is_told_and_later_it_goes_on()
    {
        Directory.Move(folder.Path, folder.Path + "-away");
        var reply = await Ask(ControlOp.Renew);
        Directory.Move(folder.Path + "-away", folder.Path);
        Assert.False(reply.Ok, "it answered with a request whose key is nowhere");
        Assert.Contains("cannot be read or stored", reply.Error, StringComparison.Ordinal);
        await Csr();
    }

    [Fact]
    public void Too_many_messages_at_once_are_refused()
    {
        var idle = new Renewal(device, new CredentialFiles(CertificateFile, KeyFile), authority.CaFile, link, time, logs.For<Renewal>());
        var taken = 0;
        while (idle.TryAdd(new ControlMessage("x", ControlOp.Renew)) && taken < 1000)
            taken++;
        Assert.InRange(taken, 2, 100);
    }

    [Fact]
    public async Task Of_a_signer_that_puts_no_name_in_key_and_time_alone_count()
    {
        using var cloud = new TestCertificates(folder, "cloud-ca");
        Begin("so101-leader", signer: null);
        var request = await Csr();

        Assert.Contains("another key", (await Take(File.ReadAllText(cloud.Client("somebody").CertificateFile))).Error, StringComparison.Ordinal);
        Assert.True((await Take(cloud.ForRequest(request, "AWS IoT Certificate"))).Ok, "the certificate for the request is not taken");
    }

    [Fact]
    public async Task From_a_new_authority_it_takes_a_certificate_together_with_the_authority()
    {
        using var next = new TestCertificates(folder, "next-ca");
        var pem = next.ForRequest(await Csr(), "arm");
        Assert.Contains("does not come from the authority", (await Take(pem)).Error, StringComparison.Ordinal);
        var both = File.ReadAllText(authority.CaFile) + "\n" + File.ReadAllText(next.CaFile);

        Assert.False((await Ask(ControlOp.Certificate, pem, "no certificate")).Ok, "it took what it does not trust");
        Assert.True((await Ask(ControlOp.Certificate, pem, both)).Ok, "it was refused");

        Assert.Equal(both, File.ReadAllText(authority.CaFile));
    }

    private void Begin(string kind) => Begin(kind, authority.CaFile);

    private void Begin(string kind, string? signer)
    {
        device = new Device(new DeviceSettings("arm", kind, "/dev/none"), new LocalStop());
        renewal = new Renewal(device, new CredentialFiles(CertificateFile, KeyFile), signer, link, time, logs.For<Renewal>())
        {
            Replied = reply => replies[reply.Id] = reply,
        };
        renewal.Recover();
        running.Add(new Supervisor(TimeProvider.System, logs.For<Supervisor>()).RunAsync("renewal", renewal.RunAsync, end.Token));
    }

    private string? Present()
    {
        using var certificate = new CredentialFiles(CertificateFile, KeyFile).Certificate();
        return certificate is null ? null : CertificateCheck.Fingerprint(certificate);
    }

    private static string KeyOf(string pem)
    {
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(pem);
        return certificate.GetPublicKeyString();
    }

    private async Task<string> Csr() => (await Ask(ControlOp.Renew)).Csr!;

    private Task<ControlReply> Take(string pem) => Ask(ControlOp.Certificate, pem);

    private async Task<ControlReply> Ask(ControlOp op, string? certificate = null, string? authorities = null)
    {
        var id = $"{++asked}";
        Assert.True(renewal.TryAdd(new ControlMessage(id, op, Certificate: certificate, Authorities: authorities)), "it takes no message");
        await Eventually.Holds($"{op} is answered", () => replies.ContainsKey(id));
        return replies[id];
    }

    /// <summary>Time goes on, and the renewal has looked at the arm since.</summary>
    private async Task TimePasses(TimeSpan by)
    {
        // What is answered was looked at before the one after it: the timer is set.
        await Csr();
        await Csr();
        time.Advance(by);
        await Csr();
        await Csr();
    }

    private void Command(uint sequence)
    {
        var now = time.Now();
        var result = device.Inbox.Receive(new SampleStamp(7, sequence, now.Unix, 300), new double[6], now);
        Assert.Equal(FrameResult.Accepted, result);
    }
}
