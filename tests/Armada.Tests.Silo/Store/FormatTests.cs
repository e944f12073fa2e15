using System.Text.Json.Nodes;
using Armada.Core.Robots;
using Armada.Silo.Store;
using Armada.Testing;
using Armada.Testing.Logging;

namespace Armada.Tests.Silo.Store;

/// <summary>Files as older silos wrote them, letter by letter.</summary>
public sealed class FormatTests : IDisposable
{
    private const string First =
        """
        {
          "format": 1,
          "robot": {
            "id": "arm",
            "model": {
              "name": "so101",
              "joints": [
                { "name": "shoulder_pan", "unit": "Degree", "min": -110, "max": 110, "max_velocity": 360, "rest": 0 },
                { "name": "gripper", "unit": "Percent", "min": 0, "max": 100, "max_velocity": 360, "rest": 10 }
              ]
            },
            "master": { "device": "leader-1" },
            "slaves": [ { "device": "follower-1" }, { "device": "follower-2" } ],
            "epoch": 59000001,
            "stopped": true,
            "version": 7
          }
        }
        """;

    private const string Second =
        """
        {
          "format": 2,
          "robot": {
            "id": "arm",
            "model": {
              "name": "scara",
              "joints": [
                {
                  "name": "base", "unit": "Degree", "min": -90, "max": 90, "max_velocity": 180, "rest": 0,
                  "motion": "Continuous", "servo_id": 4
                }
              ]
            },
            "master": { "name": "leader-1", "kind": "Device" },
            "slaves": [
              { "name": "far", "kind": "Remote", "url": "ws://10.0.0.7/ws/slave/arm", "tunes": [ { "joint": "base", "offset": -2.5, "name": "J1" } ] },
              { "name": "door", "kind": "WebSocket", "url": null, "tunes": [] }
            ],
            "epoch": 59000001,
            "stopped": false,
            "version": 7,
            "room": { "workspace": "lab", "id": "room 1" }
          }
        }
        """;

    private readonly TempFolder folder = new();
    private readonly FailOnLoggedErrors logs = new();
    private readonly DataFolder data;
    private readonly DocumentStore store;

    public FormatTests()
    {
        data = new DataFolder(folder.Path);
        store = new DocumentStore(data, logs.For<DocumentStore>());
    }

    private string Arm => Path.Combine(folder.Path, "robots", "arm.json");

    [Fact]
    public async Task A_robot_of_format_1_loads_and_is_written_as_format_2_at_its_next_change()
    {
        await File.WriteAllTextAsync(Arm, First);

        var robot = Assert.Single(store.Load().Robots);

        Assert.Equal(("arm", 59_000_001u, true, 7L, null), (robot.Id, robot.Epoch, robot.Stopped, robot.Version, robot.Room));
        Assert.Equal(new MasterBinding("leader-1", MasterKind.Device), robot.Master);
        Assert.Equal([new SlaveBinding("follower-1"), new SlaveBinding("follower-2")], robot.Slaves.AsEnumerable());
        Assert.Equal(
            [new Joint("shoulder_pan", JointUnit.Degree, -110, 110, 360, 0), new Joint("gripper", JointUnit.Percent, 0, 100, 360, 10)],
            robot.Model.Joints.AsEnumerable());
        Assert.Equal(First, await File.ReadAllTextAsync(Arm));

        Assert.Null(await store.SaveAsync(robot with { Version = 8 }));
        var written = JsonNode.Parse(await File.ReadAllTextAsync(Arm))!;
        Assert.Equal(2, written["format"]!.GetValue<int>());
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{ "name": "leader-1", "kind": "Device" }"""), written["robot"]!["master"]), $"{written}");
        Assert.Equal(robot.Slaves.AsEnumerable(), Assert.Single(store.Load().Robots).Slaves.AsEnumerable());
    }

    // For a while, before the format was counted up, files said 1 and had the members of 2.
    [Fact]
    public async Task A_robot_of_format_1_with_the_members_of_format_2_loads()
    {
        await File.WriteAllTextAsync(Arm, Second.Replace("\"format\": 2", "\"format\": 1", StringComparison.Ordinal));

        Assert.Equal(("leader-1", 2), (Assert.Single(store.Load().Robots).Master!.Name, store.Load().Robots[0].Slaves.Length));
    }

    [Fact]
    public async Task A_robot_of_format_2_loads_and_is_written_with_the_same_words()
    {
        await File.WriteAllTextAsync(Arm, Second);

        var robot = Assert.Single(store.Load().Robots);
        Assert.Null(await store.SaveAsync(robot));

        Assert.Equal(new SlaveBinding("far", SlaveKind.Remote, "ws://10.0.0.7/ws/slave/arm", [new JointMapping("base", -2.5, "J1")]), robot.Slaves[0]);
        Assert.Equal(new RoomName("lab", "room 1"), robot.Room);
        Assert.Equal(new Joint("base", JointUnit.Degree, -90, 90, 180, 0, JointMotion.Continuous, 4), Assert.Single(robot.Model.Joints));
        var written = JsonNode.Parse(await File.ReadAllTextAsync(Arm));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Second), written), $"{written}");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_fleets_latch_of_format_1_loads(bool stopped)
    {
        await File.WriteAllTextAsync(folder.File("fleet.json"), $$"""{ "format": 1, "stopped": {{(stopped ? "true" : "false")}} }""");

        Assert.Equal(stopped, store.Load().FleetStopped);
    }

    public void Dispose()
    {
        store.Dispose();
        data.Dispose();
        folder.Dispose();
        logs.Dispose();
    }
}
