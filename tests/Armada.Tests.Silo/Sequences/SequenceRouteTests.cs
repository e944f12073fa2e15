using System.Text.Json.Nodes;
using Armada.Testing.Engine;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Sequences;

public sealed class SequenceRouteTests(Broker broker) : IClassFixture<Broker>
{
    private const string Root = "/api/v1/sequences";

    private const string IdentifyMotion = """
        {
          "id": "nod", "name": "IdentifyMotion \u00e9", "loop": true, "total_duration": 2500.5,
          "commands": [
            { "timestamp": 0, "joints": [{ "name": "wrist_flex", "value": 20, "speed": 60 }], "duration": 1000, "metadata": { "b": [1, { "c": null }] } },
            { "timestamp": 1000, "joints": [{ "name": "Wrist_Pitch", "value": 0 }, { "name": "Jaw", "value": 5.5 }] }
          ]
        }
        """;

    public static TheoryData<string, string> WrongFields => new()
    {
        { """{"id":"a b"}""", "id" },
        { """{"name":""}""", "name" },
        { """{"total_duration":-1}""", "total_duration" },
        { """{"total_duration":1e300}""", "total_duration" },
        { """{"total_duration":1,"totalDuration":1}""", "totalDuration" },
        { """{"commands":[]}""", "commands" },
        { """{"commands":[null]}""", "commands[0]" },
        { """{"commands":[{"timestamp":-1,"joints":[{"name":"a","value":1}]}]}""", "commands[0].timestamp" },
        { """{"commands":[{"timestamp":0,"joints":[null]}]}""", "commands[0].joints[0]" },
        { """{"commands":[{"timestamp":0,"joints":[]}]}""", "commands[0].joints" },
        { """{"commands":[{"timestamp":0,"joints":[{"name":"a","value":361}]}]}""", "commands[0].joints[0].value" },
        { """{"commands":[{"timestamp":0,"joints":[{"name":"a","value":1e999}]}]}""", "commands[0].joints[0].value" },
        { """{"commands":[{"timestamp":0,"joints":[{"name":"a","value":1,"speed":0}]}]}""", "commands[0].joints[0].speed" },
        { """{"commands":[{"timestamp":0,"joints":[{"name":"a","value":1}],"metadata":7}]}""", "commands[0].metadata" },
        { """{"commands":[{"timestamp":"0","joints":[]}]}""", "commands[0].timestamp" },
        { """{"color":"red"}""", "color" },
    };

    [Fact]
    public async Task The_demonstrations_are_there_and_cannot_be_changed()
    {
        await using var silo = await RunningSilo.StartAsync(broker);

        var all = (await silo.GetAsync(Root))["items"]!.AsArray();

        Assert.Equal(["gentle-wave", "small-scan", "tiny-flex"], all.Select(one => Text(one!["id"])));
        Assert.All(all, one => Assert.True(one!["built_in"]!.GetValue<bool>()));
        Assert.Equal(4, (await silo.GetAsync($"{Root}/gentle-wave"))["commands"]!.AsArray().Count);
        var mine = JsonNode.Parse(IdentifyMotion)!;
        mine["id"] = "gentle-wave";
        Assert.Equal((409, "sequence-built-in"), await silo.AskAsync(HttpMethod.Post, Root, mine));
        Assert.Equal((409, "sequence-built-in"), await silo.AskAsync(HttpMethod.Put, $"{Root}/gentle-wave", mine));
        Assert.Equal((409, "sequence-built-in"), await silo.AskAsync(HttpMethod.Delete, $"{Root}/gentle-wave"));
    }

    [Fact]
    public async Task A_sequence_is_kept_as_it_was_given_also_by_the_next_silo()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var given = JsonNode.Parse(IdentifyMotion)!;
        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Post, Root, given));

        foreach (var isNext in new[] { false, true })
        {
            if (isNext)
            {
                await silo.StopAsync();
                await silo.StartAsync();
            }

            var kept = await silo.GetAsync($"{Root}/nod");
            Assert.Equal("IdentifyMotion é", Text(kept["name"]));
            Assert.Equal(2500.5, kept["total_duration"]!.GetValue<double>());
            Assert.True(kept["loop"]!.GetValue<bool>());
            Assert.False(kept["built_in"]!.GetValue<bool>());
            Assert.Equal("""{"b":[1,{"c":null}]}""", kept["commands"]![0]!["metadata"]!.ToJsonString());
            Assert.Equal(60, kept["commands"]![0]!["joints"]![0]!["speed"]!.GetValue<double>());
            Assert.Equal("Wrist_Pitch", Text(kept["commands"]![1]!["joints"]![0]!["name"]));
            Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Post, Root, given));
        }

        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"{Root}/nod"));
        Assert.Equal((404, "sequence-unknown"), await silo.AskAsync(HttpMethod.Get, $"{Root}/nod"));
        Assert.Equal((404, "sequence-unknown"), await silo.AskAsync(HttpMethod.Delete, $"{Root}/nod"));
    }

    [Fact]
    public async Task Another_content_under_the_same_id_needs_a_PUT()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.SendAsync(HttpMethod.Post, Root, JsonNode.Parse(IdentifyMotion));
        var changed = JsonNode.Parse(IdentifyMotion)!;
        changed["loop"] = false;

        Assert.Equal((409, "sequence-exists"), await silo.AskAsync(HttpMethod.Post, Root, changed));
        Assert.False((await silo.SendAsync(HttpMethod.Put, $"{Root}/nod", changed))!["loop"]!.GetValue<bool>());
        changed["id"] = "other";
        Assert.Equal((422, "invalid"), await silo.AskAsync(HttpMethod.Put, $"{Root}/nod", changed));
        changed.AsObject().Remove("id");
        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Put, $"{Root}/other", changed));
    }

    [Fact]
    public async Task A_change_for_an_old_version_is_refused()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var sequence = JsonNode.Parse(IdentifyMotion)!;
        await silo.SendAsync(HttpMethod.Post, Root, sequence);
        var tag = await TagAsync(silo, "nod");
        sequence["loop"] = false;

        Assert.Equal((200, null), await silo.AskAsync(HttpMethod.Put, $"{Root}/nod", sequence, ("If-Match", tag)));
        Assert.NotEqual(tag, await TagAsync(silo, "nod"));
        Assert.Equal((412, "version-changed"), await silo.AskAsync(HttpMethod.Put, $"{Root}/nod", sequence, ("If-Match", tag)));
        Assert.Equal((412, "version-changed"), await silo.AskAsync(HttpMethod.Put, $"{Root}/nod", sequence, ("If-None-Match", "*")));
        Assert.Equal((412, "version-changed"), await silo.AskAsync(HttpMethod.Delete, $"{Root}/nod", null, ("If-Match", tag)));
        Assert.Equal((412, "version-changed"), await silo.AskAsync(HttpMethod.Put, $"{Root}/new", Without(sequence, "id"), ("If-Match", "*")));
        Assert.Equal((204, null), await silo.AskAsync(HttpMethod.Delete, $"{Root}/nod", null, ("If-Match", await TagAsync(silo, "nod"))));
    }

    [Fact]
    public async Task Of_many_changes_for_one_version_one_is_made()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.SendAsync(HttpMethod.Post, Root, JsonNode.Parse(IdentifyMotion));
        var tag = await TagAsync(silo, "nod");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(n =>
        {
            var mine = JsonNode.Parse(IdentifyMotion)!;
            mine["name"] = $"IdentifyMotion {n}";
            return silo.AskAsync(HttpMethod.Put, $"{Root}/nod", mine, ("If-Match", tag));
        }));

        Assert.Single(answers, answer => answer.Status == 200);
        Assert.Equal(19, answers.Count(answer => answer == (412, "version-changed")));
    }

    [Fact]
    public async Task A_total_duration_is_spelt_either_way_or_left_out()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var sequence = Without(JsonNode.Parse(IdentifyMotion)!, "total_duration");

        Assert.Equal(1000, (await silo.SendAsync(HttpMethod.Put, $"{Root}/nod", sequence))!["total_duration"]!.GetValue<double>());
        sequence["totalDuration"] = 9000;
        Assert.Equal(9000, (await silo.SendAsync(HttpMethod.Put, $"{Root}/nod", sequence))!["total_duration"]!.GetValue<double>());
    }

    [Fact]
    public async Task A_list_comes_in_parts()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        await silo.SendAsync(HttpMethod.Post, Root, JsonNode.Parse(IdentifyMotion));

        var first = await silo.GetAsync($"{Root}?limit=3");
        var rest = await silo.GetAsync($"{Root}?limit=3&after={Text(first["next"])}");

        Assert.Equal(["gentle-wave", "nod", "small-scan"], first["items"]!.AsArray().Select(one => Text(one!["id"])));
        Assert.Equal(["tiny-flex"], rest["items"]!.AsArray().Select(one => Text(one!["id"])));
        Assert.Null(rest["next"]);
        Assert.Equal(2, first["items"]![1]!["command_count"]!.GetValue<int>());
    }

    [Fact]
    public async Task Every_wrong_field_is_named()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        foreach (var row in WrongFields)
        {
            var (members, field) = ((string)row[0], (string)row[1]);
            var (problem, sent) = await PostRawAsync(silo, Merged(members), 422);
            Assert.True(problem["errors"]!.AsObject().ContainsKey(field), $"{sent}: {problem["errors"]} does not name {field}");
        }
    }

    [Fact]
    public async Task A_thousand_commands_fit_and_what_is_larger_than_a_mebibyte_does_not()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        var joints = Enumerable.Range(0, 6).Select(n => new { name = $"joint_{n}", value = n + 0.25 }).ToArray();
        var commands = Enumerable.Range(0, 1000).Select(n => new { timestamp = n * 20, joints }).ToArray();

        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Post, Root, new { id = "long", name = "Long", commands }));
        var (problem, _) = await PostRawAsync(silo, $$"""{"name":"{{new string('x', 1024 * 1024)}}"}""", 413);
        Assert.Contains("1048576", Text(problem["detail"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_damaged_sequence_is_set_aside_and_the_rest_loads()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        silo.Logs.Expect(1601);
        await silo.SendAsync(HttpMethod.Post, Root, JsonNode.Parse(IdentifyMotion));
        var bad = JsonNode.Parse(IdentifyMotion)!;
        bad["id"] = "bad";
        await silo.SendAsync(HttpMethod.Post, Root, bad);
        await silo.StopAsync();
        BrokenRecord.Damage(silo.Database, "bad");
        await silo.StartAsync();

        Assert.Equal((404, "sequence-unknown"), await silo.AskAsync(HttpMethod.Get, $"{Root}/bad"));
        Assert.Equal(4, (await silo.GetAsync(Root))["items"]!.AsArray().Count);
        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Post, Root, bad));
    }

    [Fact]
    public async Task A_change_the_disk_refuses_is_a_503_and_nothing_is_changed()
    {
        await using var silo = await RunningSilo.StartAsync(broker);
        using (silo.BreakStorage("nod"))
        {
            Assert.Equal((503, "not-stored"), await silo.AskAsync(HttpMethod.Post, Root, JsonNode.Parse(IdentifyMotion)));
            Assert.Equal((404, "sequence-unknown"), await silo.AskAsync(HttpMethod.Get, $"{Root}/nod"));
        }

        Assert.Equal((201, null), await silo.AskAsync(HttpMethod.Post, Root, JsonNode.Parse(IdentifyMotion)));
    }

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static JsonNode Without(JsonNode node, string member)
    {
        node.AsObject().Remove(member);
        return node;
    }

    // A sound sequence with some members replaced.
    private static string Merged(string members)
    {
        const string Sound = "\"id\":\"x\",\"name\":\"X\",\"commands\":[{\"timestamp\":0,\"joints\":[{\"name\":\"a\",\"value\":1}]}]";
        return $"{{{Sound},{members[1..]}";
    }

    private static async Task<string> TagAsync(RunningSilo silo, string id)
    {
        using var response = await silo.Http.GetAsync(new Uri($"{Root}/{id}", UriKind.Relative));
        return response.Headers.ETag!.Tag;
    }

    private static async Task<(JsonNode Problem, string Sent)> PostRawAsync(RunningSilo silo, string body, int status)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await silo.Http.PostAsync(new Uri(Root, UriKind.Relative), content);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{body[..Math.Min(200, body.Length)]}: {(int)response.StatusCode} {text}");
        return (JsonNode.Parse(text)!, body);
    }
}
