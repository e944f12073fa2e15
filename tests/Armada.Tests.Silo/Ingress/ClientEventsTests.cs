using System.Text;
using Armada.Mqtt;
using Armada.Silo.Ingress;
using Armada.Silo.Provisioning;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Armada.Tests.Silo.Ingress;

public sealed class ClientEventsTests(Broker broker) : IClassFixture<Broker>
{
    private static readonly string Fingerprint = new('a', 64);

    [Fact]
    public async Task A_client_that_connects_is_seen_with_its_certificate()
    {
        await using var silo = await RunningSilo.StartAsync(broker, adjust: services => services.AddHostedService<ClientEvents>());
        await using var cloud = new MqttLink(
            new LinkOptions { ClientId = "cloud", Port = broker.Mosquitto.Port }, silo.Logs.For<MqttLink>());
        await cloud.StartAsync(default);
        var lastSeen = silo.Service<DeviceLastSeen>();

        // The subscription is acknowledged in its own time; AWS tells of every connection anew, and so does this.
        await Eventually.Holds("the silo hears of it", () =>
        {
            cloud.Publish(
                "$aws/events/presence/connected/board-1",
                Encoding.UTF8.GetBytes($$"""{"clientId":"board-1","timestamp":1,"eventType":"connected","sessionIdentifier":"s","principalIdentifier":"{{Fingerprint}}","versionNumber":0}"""),
                Delivery.Sample);
            return lastSeen.CertificateOf("board-1") == Fingerprint;
        });
        Assert.Contains("board-1", await lastSeen.ReadAsync(["board-1"], default));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"clientId\":\"a/b\",\"principalIdentifier\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}")]
    [InlineData("{\"clientId\":\"board-1\",\"principalIdentifier\":\"AROA:session\"}")]
    [InlineData("{\"clientId\":7,\"principalIdentifier\":\"x\"}")]
    public void What_names_no_device_and_certificate_is_nothing(string text) => Assert.Null(ClientEvents.Read(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void Whatever_comes_is_read_without_a_fault()
    {
        var random = new Random(4711);
        var whole = Encoding.UTF8.GetBytes($$"""{"clientId":"board-1","principalIdentifier":"{{Fingerprint}}"}""");
        Assert.Equal(("board-1", Fingerprint), ClientEvents.Read(whole));
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = whole[..random.Next(whole.Length + 1)].ToArray();
            for (var flips = random.Next(4); flips > 0 && bytes.Length > 0; flips--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            ClientEvents.Read(bytes);
        }

        Assert.Null(ClientEvents.Read(new byte[5000]));
    }
}
