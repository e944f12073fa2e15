using System.Text.Json;
using Armada.Silo.Panel;
using Armada.Testing;
using Armada.Tests.Silo.Support;
using FsCheck;
using FsCheck.Fluent;

namespace Armada.Tests.Silo.Panel;

public sealed class SubscriberMessageTests(Broker broker) : IClassFixture<Broker>
{
    [Fact]
    public async Task A_heartbeat_is_answered()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await using var subscriber = await PanelClient.ConnectAsync(silo);

        await subscriber.SendTextAsync("""{"type":"heartbeat","timestamp":"2030-01-01T00:00:00Z","data":{}}""");

        await subscriber.ReceivesAsync("the heartbeat is answered", message => PanelClient.TypeOf(message) == "heartbeat_ack");
        Assert.Equal("snapshot", PanelClient.TypeOf(subscriber.Messages.First()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("{}")]
    [InlineData("""{"type":7}""")]
    [InlineData("""{"type":"command","joints":[]}""")]
    [InlineData("""{"type":"\ud800"}""")]
    public async Task Anything_else_is_refused_in_words_and_the_connection_stays(string text)
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await using var subscriber = await PanelClient.WatchAsync(silo);

        await subscriber.SendTextAsync(text);
        var refused = await subscriber.ReceivesAsync("the message is refused", message => PanelClient.TypeOf(message) == "error");
        await subscriber.SendTextAsync("""{"type":"heartbeat"}""");

        Assert.Equal("invalid", refused["code"]!.GetValue<string>());
        Assert.NotEmpty(refused["message"]!.GetValue<string>());
        await subscriber.ReceivesAsync("the next message is answered", message => PanelClient.TypeOf(message) == "heartbeat_ack");
    }

    [Fact]
    public async Task A_flood_is_dropped_and_told_of_and_harms_nobody()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.MakeRobotAsync("arm");
        await using var subscriber = await PanelClient.WatchAsync(silo);

        for (var message = 0; message < 2000; message++)
            await subscriber.SendTextAsync("""{"type":"heartbeat"}""");
        await subscriber.ReceivesAsync("the flood is told of", message => message["code"]?.GetValue<string>() == "too_fast");
        await silo.PostAsync("/robots/arm/stop");

        await Eventually.Holds("the watcher still sees what happens", () => subscriber.StateOf("arm")!["stopped"]!.GetValue<bool>());
        var answers = subscriber.Messages.Count(message => PanelClient.TypeOf(message) == "heartbeat_ack");
        Assert.True(answers < 1000, $"{answers} of 2000 messages at once were answered");
    }

    [Fact]
    public void Whatever_is_read_nothing_is_thrown() =>
        Prop.ForAll(
                ArbMap.Default.ArbFor<byte[]>(),
                message =>
                {
                    var type = SubscriberMessage.TypeOf(message, out var problem);
                    return problem.Length > 0 && (type is null || JsonDocument.Parse(message).RootElement.GetProperty("type").GetString() == type);
                })
            .Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
}
