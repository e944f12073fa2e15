
namespace Armada.Tests.Silo.Rooms;

/// <summary>Whatever a participant sends, the silo answers afterwards and no joint leaves its limits.</summary>
public sealed class RoomFuzzTests(SharedSilo shared) : IClassFixture<SharedSilo>
{
    private const int Messages = 300;

    private static readonly string[] Values = ["0", "-0", "1e308", "-1e308", "1e999", "-361", "12.5", "null", "\"7\"", "[]", "{}", "true"];
    private static readonly string[] Names = ["Rotation", "gripper", "Elbow", "", "Knee", "\\ud800", "Jaw\\u0000", "shoulder_pan"];
    private static readonly string[] Types = ["joint_update", "heartbeat", "state_sync", "dance", "joined", ""];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Nonsense_moves_nothing_out_of_its_limits(int seed)
    {
        var chance = new Random(seed);
        await using var silo = await RoomSilo.OpenAsync(shared);
        await using var producer = await silo.JoinAsync("producer", "fuzz");
        await using var consumer = await silo.JoinAsync("consumer", "screen");

        for (var sent = 0; sent < Messages; sent++)
            await producer.SendTextAsync(Message(chance));
        await producer.SendAsync(new { type = "heartbeat" });
        await producer.HearsAsync("heartbeat_ack");

        await producer.MoveAsync(("Jaw", 33));
        await consumer.SeesAsync("Jaw", 33);
        foreach (var update in consumer.Messages.Where(message => message["type"]!.GetValue<string>() == "joint_update"))
            Assert.All(update["data"]!.AsArray(), joint => Assert.InRange(joint!["value"]!.GetValue<double>(), -162.8, 162.8));
        Assert.All(await silo.JointsAsync(), joint => Assert.InRange(joint.Value!.GetValue<double>(), -162.8, 162.8));
    }

    private static string Message(Random chance)
    {
        string One(string[] from) => from[chance.Next(from.Length)];
        return chance.Next(4) switch
        {
            0 => new string([.. Enumerable.Range(0, chance.Next(60)).Select(_ => (char)chance.Next(1, 0xD7FF))]),
            1 => $$"""{"type":{{One(Values)}},"data":{{One(Values)}}}""",
            2 => $$"""{"type":"{{One(Types)}}","data":[{{One(Values)}}]}""",
            _ => $$"""{"type":"joint_update","data":[{"name":"{{One(Names)}}","value":{{One(Values)}},"speed":{{One(Values)}}},{"name":"{{One(Names)}}","value":{{One(Values)}}}]}""",
        };
    }
}
