using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;

namespace Armada.Tests.Link;

/// <summary>TLS and options.</summary>
public sealed class SecurityTests : LinkTestBase
{
    public static TheoryData<string, LinkOptions> BadOptions { get; } = new()
    {
        { "ClientId", new() { ClientId = "" } },
        { "Hosts", new() { ClientId = "one", Hosts = [""] } },
        { "Port", new() { ClientId = "one", Port = 0 } },
        { "Port", new() { ClientId = "one", Port = 70_000 } },
        { "KeepAlive", new() { ClientId = "one", KeepAlive = TimeSpan.FromSeconds(1) } },
        { "InitialBackOff", new() { ClientId = "one", InitialBackOff = TimeSpan.Zero } },
        { "MaxBackOff", new() { ClientId = "one", MaxBackOff = TimeSpan.FromMilliseconds(1) } },
        { "ControlBacklog", new() { ClientId = "one", ControlBacklog = 0 } },
        { "last will", new() { ClientId = "one", Will = new("a/#", default) } },
        { "/no/such/ca.crt", new() { ClientId = "one", Tls = new("/no/such/ca.crt") } },
    };

    [Theory]
    [MemberData(nameof(BadOptions), DisableDiscoveryEnumeration = true)]
    public async Task Options_that_cannot_work_are_named_at_the_start(string named, LinkOptions options)
    {
        var fault = await Assert.ThrowsAsync<LinkConfigurationException>(() => Make(options).StartAsync(CancellationToken.None));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
    }

    [Fact]
    public async Task Certificates_that_cannot_work_are_named_at_the_start()
    {
        using var folder = new TempFolder();
        using var authority = new TestCertificates(folder);
        var (certificate, key) = authority.Client("arm");
        var (_, otherKey) = authority.Client("other");
        var text = folder.Write("text.crt", "this is no certificate");

        await Names(text, new(text));
        await Names("go together", new(authority.CaFile, certificate));
        await Names("/no/such.key", new(authority.CaFile, certificate, "/no/such.key"));
        await Names("arm.crt", new(authority.CaFile, certificate, otherKey));
        await Names("text.crt", new(authority.CaFile, text, key));

        async Task Names(string named, LinkTls tls)
        {
            var link = Make(new() { ClientId = "one", Tls = tls });
            var fault = await Assert.ThrowsAsync<LinkConfigurationException>(() => link.StartAsync(CancellationToken.None));
            Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task With_its_own_certificate_a_client_is_let_in()
    {
        await using var broker = await Mosquitto.StartTlsAsync();
        var (certificate, key) = broker.Certificates!.Client("arm");
        var inbox = new Inbox();
        var link = await Started(To(broker) with { Tls = new(broker.Certificates.CaFile, certificate, key) }, ("n", Delivery.Control, inbox.Handler));
        for (var i = 0; i < 1000; i++) link.Publish("n", Number(i), i % 2 == 0 ? Delivery.Control : Delivery.Sample);
        await inbox.Receives(1000);
        Assert.Equal(Enumerable.Range(0, 1000), inbox.Numbers.Order());
    }

    [Fact]
    public async Task By_name_over_TLS_a_client_is_let_in()
    {
        await using var broker = await Mosquitto.StartTlsAsync();
        var (certificate, key) = broker.Certificates!.Client("arm");
        await Started(To(broker) with { Hosts = ["localhost"], Tls = new(broker.Certificates.CaFile, certificate, key) });
    }

    [Fact]
    public async Task Without_a_certificate_a_client_stays_out()
    {
        await using var broker = await Mosquitto.StartTlsAsync();
        await StaysOut(To(broker) with { Tls = new(broker.Certificates!.CaFile) });
    }

    [Fact]
    public async Task With_a_foreign_certificate_a_client_stays_out()
    {
        await using var broker = await Mosquitto.StartTlsAsync();
        using var folder = new TempFolder();
        using var foreign = new TestCertificates(folder, "foreign-ca");
        var (certificate, key) = foreign.Client("arm");
        await StaysOut(To(broker) with { Tls = new(broker.Certificates!.CaFile, certificate, key) });
    }

    [Fact]
    public async Task A_broker_of_a_foreign_authority_is_not_trusted()
    {
        await using var broker = await Mosquitto.StartTlsAsync();
        using var folder = new TempFolder();
        using var foreign = new TestCertificates(folder, "foreign-ca");
        await StaysOut(To(broker) with { Tls = new(foreign.CaFile) });
    }

    [Fact]
    public async Task A_clock_before_its_own_or_the_brokers_certificate_is_named_as_the_cause()
    {
        var tomorrow = DateTimeOffset.UtcNow.AddDays(1);
        await using var broker = await Mosquitto.StartTlsAsync();
        await using var later = await Mosquitto.StartTlsAsync(from: tomorrow);
        using var folder = new TempFolder();
        using var foreign = new TestCertificates(folder, "future-ca", tomorrow);
        var (certificate, key) = foreign.Client("arm");

        await Make(To(broker, "own") with { Tls = new(broker.Certificates!.CaFile, certificate, key) }).StartAsync(CancellationToken.None);
        await Make(To(later, "brokers") with { Tls = new(later.Certificates!.CaFile) }).StartAsync(CancellationToken.None);

        await Eventually.Holds("the clock is named", () => Names("own", "certificate of arm") && Names("brokers", "certificate of localhost"));

        bool Names(string client, string words) => Logs.Of(RefusedEvent).Any(entry =>
            entry.Message.Contains(client, StringComparison.Ordinal)
            && entry.Message.Contains(words, StringComparison.Ordinal)
            && entry.Message.Contains("the clock is wrong, set it", StringComparison.Ordinal));
    }

    private async Task StaysOut(LinkOptions options)
    {
        var wentUp = false;
        var link = Make(options with { MaxBackOff = TimeSpan.FromMilliseconds(200) });
        link.StateChanged += _ => wentUp = true;
        await link.StartAsync(CancellationToken.None);
        await Eventually.Holds("two refusals are logged", () => Logs.Of(RefusedEvent).Count >= 2);
        Assert.False(wentUp, "the link went up");
        Assert.Equal(0, link.Counters.Published);
    }
}
