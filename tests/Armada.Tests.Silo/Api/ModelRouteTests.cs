using System.Text.Json.Nodes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Api;

/// <summary>Robots of known models, of listed joints and from URDFs.</summary>
public sealed class ModelRouteTests(Broker broker) : IClassFixture<Broker>
{
    private const string Robots = "/api/v1/robots";

    private const string Urdf = """
        <robot name="two">
          <joint name="turn" type="continuous"/>
          <joint name="mount" type="fixed"/>
          <joint name="bend" type="revolute"><limit lower="-1.5707963267948966" upper="1.5707963267948966" velocity="1" effort="9"/></joint>
        </robot>
        """;

    public static TheoryData<string, string> WrongFields => new()
    {
        { """{"id":"x","model":"crane"}""", "model" },
        { """{"id":"x","model":"crane","joints":[null]}""", "joints[0]" },
        { """{"id":"x","model":"crane","joints":[{"name":"a","min":0,"max":1}]}""", "joints[0]" },
        { """{"id":"x","model":"crane","joints":[{"name":"a","min":1,"max":0,"max_velocity":9}]}""", "joints[0].max" },
        { """{"id":"x","model":"crane","joints":[{"name":"a","min":0,"max":400,"max_velocity":9}]}""", "joints[0].max" },
        { """{"id":"x","model":"crane","joints":[{"name":"a","min":0,"max":1,"max_velocity":361}]}""", "joints[0].max_velocity" },
        { """{"id":"x","model":"crane","joints":[{"name":"a","min":0,"max":1,"max_velocity":9,"rest":2}]}""", "joints[0].rest" },
        { """{"id":"x","model":"crane","joints":[{"name":"a","min":0,"max":1,"max_velocity":9,"unit":"meter"}]}""", "joints[0].unit" },
        { """{"id":"x","model":"crane","joints":[{"name":"a","min":0,"max":1,"max_velocity":9,"servo_id":253}]}""", "joints[0].servo_id" },
        { """{"id":"x","model":"crane","joints":[{"name":"Jaw","min":0,"max":1,"max_velocity":9},{"name":"gripper","min":0,"max":1,"max_velocity":9}]}""", "joints" },
        { """{"id":"x","model":" ","joints":[{"name":"a","min":0,"max":1,"max_velocity":9}]}""", "joints" },
        { """{"id":"x","model":"so101","joints":[{"name":"Jaw","unit":"degree"}]}""", "joints[0].unit" },
        { """{"id":"x","model":"so101","joints":[{"name":"Jaw","motion":"continuous"}]}""", "joints[0].motion" },
        { """{"id":"x","model":"so101","rest":{"Jaw":1}}""", "rest" },
        { """{"id":"x","model":"so101","servo_ids":{"Jaw":1}}""", "servo_ids" },
        { """{"id":"x","urdf":"<robot/>"}""", "urdf" },
        { """{"id":"x","urdf":"<robot/>","joints":[]}""", "joints" },
        { """{"id":"x","urdf":"<robot/>","model":"SO101"}""", "model" },
        { """{"id":"x","urdf":"<robot><joint name='a' type='continuous'/></robot>","servo_ids":{"b":1}}""", "urdf" },
    };

    [Fact]
    public async Task A_robot_of_listed_joints_keeps_them_also_after_a_restart()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var body = JsonNode.Parse(
            """
            {"id":"crane","model":"crane","joints":[
              {"name":"slew","min":-180,"max":180,"max_velocity":20,"motion":"continuous","servo_id":9},
              {"name":"grab","unit":"percent","min":0,"max":100,"max_velocity":50,"rest":25}]}
            """);

        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Post, Robots, body));
        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Post, Robots, body));
        await silo.StopAsync();
        await silo.StartAsync();

        var joints = (await silo.GetAsync($"{Robots}/crane"))["joints"]!.ToJsonString();
        Assert.Equal(
            """[{"name":"slew","unit":"degree","min":-180,"max":180,"max_velocity":20,"rest":0,"motion":"continuous","servo_id":9},"""
            + """{"name":"grab","unit":"percent","min":0,"max":100,"max_velocity":50,"rest":25,"motion":"revolute","servo_id":null}]""",
            joints);
    }

    [Fact]
    public async Task A_robot_from_a_URDF_has_its_joints_servo_ids_and_rest_pose()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        var robot = await silo.SendAsync(
            HttpMethod.Put, $"{Robots}/two", new { urdf = Urdf, servo_ids = new { bend = 2, turn = 1 }, rest = new { bend = 45.5 } });

        Assert.Equal("two", robot!["model"]!.GetValue<string>());
        Assert.Equal(["turn", "bend"], robot["joints"]!.AsArray().Select(joint => joint!["name"]!.GetValue<string>()));
        var bend = robot["joints"]![1]!;
        Assert.Equal(90, bend["max"]!.GetValue<double>(), 9);
        Assert.Equal((45.5, 2), (bend["rest"]!.GetValue<double>(), bend["servo_id"]!.GetValue<int>()));
        Assert.Equal("mine", (await silo.SendAsync(HttpMethod.Put, $"{Robots}/two", new { urdf = Urdf, model = "mine" }))!["model"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_URDF_of_a_mebibyte_is_read_and_a_longer_one_is_not()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var comment = $"<!--{new string('x', (1024 * 1024) - Urdf.Length - 7)}-->";

        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Post, Robots, new { id = "long", urdf = Urdf + comment }));
        Assert.Equal((422, "invalid"), await silo.AskAsync(HttpMethod.Post, Robots, new { id = "longer", urdf = Urdf + comment + " " }));
        Assert.Equal((413, "too-large"), await silo.AskAsync(HttpMethod.Post, Robots, new { id = "longest", urdf = Urdf + comment + comment }));
    }

    [Fact]
    public async Task Joints_of_a_known_model_are_narrowed_by_either_name()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        var robot = await silo.SendAsync(
            HttpMethod.Put,
            $"{Robots}/arm",
            new { model = "so100", joints = new object[] { new { name = "Jaw", max = 80 }, new { name = "gripper", servo_id = 6 } } });

        var gripper = robot!["joints"]![5]!;
        Assert.Equal(("gripper", 80, 6), (
            gripper["name"]!.GetValue<string>(), gripper["max"]!.GetValue<double>(), gripper["servo_id"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Every_wrong_field_is_named()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        foreach (var row in WrongFields)
        {
            using var content = new StringContent((string)row[0], null, "application/json");
            using var response = await silo.Http.PostAsync(new Uri(Robots, UriKind.Relative), content);
            var problem = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
            Assert.True(problem["errors"]?.AsObject().ContainsKey((string)row[1]) == true, $"{row[0]}: {problem} does not name {row[1]}");
        }
    }
}
