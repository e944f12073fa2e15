using Armada.EdgeAgent.Configuration;

namespace Armada.Tests.Agent.Configuration;

public sealed class ConfigurationFileTests : IDisposable
{
    private const string Leader = """{"name":"leader-1","kind":"so101-leader","port":"/dev/ttyACM0"}""";
    private const string Follower = """{"name":"follower-1","kind":"so101-follower","port":"/dev/ttyACM1"}""";

    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("armada-configuration-");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void A_small_file_gets_the_defaults()
    {
        var configuration = Load($$"""{"broker":{},"devices":[{{Leader}}, /* one more */ {{Follower}},]}""");
        Assert.Equal("127.0.0.1", configuration.Broker!.Hosts[0]);
        Assert.Equal("armada/v1", configuration.TopicRoot);
        Assert.Equal(DeviceSettings.FromEeprom, configuration.Devices[0].Calibration);
        Assert.Equal(OnMismatch.Refuse, configuration.Devices[1].OnCalibrationMismatch);
    }

    [Fact]
    public void The_serial_port_is_the_platforms_own_unless_the_one_of_System_IO_Ports_is_asked_for()
    {
        Assert.False(Load($$"""{"broker":{},"devices":[{{Leader}}]}""").UsesSystemSerial);
        Assert.True(Load($$"""{"broker":{},"serial":"system","devices":[{{Leader}}]}""").UsesSystemSerial);
    }

    [Theory]
    [InlineData("""{}""", LinkProfile.Lan)]
    [InlineData("""{"hosts":["a1b2-ats.iot.eu-central-1.amazonaws.com"],"tls":{"ca":"ca.pem"}}""", LinkProfile.AwsIot)]
    [InlineData("""{"hosts":["a1b2-ats.iot.eu-central-1.amazonaws.com"],"tls":{"ca":"ca.pem"},"profile":"lan"}""", LinkProfile.Lan)]
    [InlineData("""{"profile":"aws-iot"}""", LinkProfile.AwsIot)]
    public void A_broker_that_bills_each_message_gets_few_unless_the_profile_says_otherwise(string broker, LinkProfile profile) =>
        Assert.Equal(profile, Load($$"""{"broker":{{broker}},"devices":[{{Leader}}]}""").Broker!.ProfileOrDefault);

    [Fact]
    public void File_names_are_relative_to_the_file_itself()
    {
        var configuration = Load(
            """{"broker":{"tls":{"ca":"ca.pem"}},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","calibration":"arm.json"}]}""");
        Assert.Equal(Path.Combine(folder.FullName, "arm.json"), configuration.Devices[0].Calibration);
        Assert.Equal(Path.Combine(folder.FullName, "ca.pem"), configuration.Broker!.Tls!.Ca);
    }

    [Theory]
    [InlineData("""{"hosts":["localhost"]}""")]
    [InlineData("""{"hosts":["127.0.0.2"]}""")]
    [InlineData("""{"hosts":["::1"]}""")]
    [InlineData("""{"hosts":["127.0.0.1","[::1]:1884","localhost:1885"]}""")]
    [InlineData("""{"hosts":["192.0.2.10"],"tls":{"ca":"ca.pem"}}""")]
    [InlineData("""{"hosts":["192.0.2.10"],"insecure":true}""")]
    public void A_broker_on_this_machine_or_with_TLS_or_said_to_be_insecure_is_taken(string broker) =>
        Assert.NotNull(Load($$"""{"broker":{{broker}},"devices":[{{Leader}}]}""").Broker);

    [Theory]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","prt":"/dev/x","port":"/dev/x"}]}""", "devices[0].prt", "unknown member", "remove")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader"}]}""", "devices[0]", "missing 'port'", "add it")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","port":5}]}""", "devices[0].port", "wrong type", "correct it")]
    [InlineData("""{"broker":{},"devices":[""", "line 1", "not valid JSON", "correct it")]
    [InlineData("""null""", "is null", "devices")]
    [InlineData("""{"broker":{},"devices":[]}""", "devices: is empty", "name at least one")]
    [InlineData("""{"broker":{},"topic_root":"a/#","devices":[LEADER]}""", "topic_root", "a/#")]
    [InlineData("""{"broker":{},"serial":"usb","devices":[LEADER]}""", "serial: 'usb' is unknown", "\"system\", or leave it out")]
    [InlineData("""{"broker":{"hosts":[""]},"devices":[LEADER]}""", "broker.hosts", "give")]
    [InlineData("""{"broker":{"hosts":[]},"devices":[LEADER]}""", "broker.hosts: is empty", "give")]
    [InlineData("""{"broker":{"hosts":["127.0.0.1:x"]},"devices":[LEADER]}""", "broker.hosts: '127.0.0.1:x' is no host", "give")]
    [InlineData("""{"broker":{"hosts":["127.0.0.1","192.0.2.10:1883"]},"devices":[LEADER]}""", "broker: '192.0.2.10:1883' is another machine", "broker.tls")]
    [InlineData("""{"broker":{"port":70000},"devices":[LEADER]}""", "broker.port: 70000", "1 to 65535")]
    [InlineData("""{"broker":{"tls":{"ca":"c","key":"k"}},"devices":[LEADER]}""", "broker.tls", "both or neither")]
    [InlineData("""{"broker":{"hosts":["192.0.2.10"]},"devices":[LEADER]}""", "broker: '192.0.2.10' is another machine", "\"insecure\": true")]
    [InlineData("""{"broker":{"hosts":["localhost.example"]},"devices":[LEADER]}""", "broker: 'localhost.example' is another machine", "broker.tls")]
    [InlineData("""{"broker":{},"devices":[{"name":"a b","kind":"so101-leader","port":"/dev/x"}]}""", "devices[0].name: 'a b'", "use")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so102-leader","port":"/dev/x"}]}""", "devices[0] (a).kind: 'so102-leader'", "so101-leader")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","rate_hz":5}]}""", "rate_hz: 5", "10 to 500")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","max_velocity":5}]}""", "max_velocity", "followers only")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-follower","port":"/dev/x","deadband_deg":5}]}""", "deadband_deg", "leaders only")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-follower","port":"/dev/x","on_calibration_mismatch":"maybe"}]}""", "on_calibration_mismatch", "not one of those allowed")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","at_end":"hold"}]}""", "at_end", "followers only")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-follower","port":"/dev/x","at_end":"park"}]}""", "at_end", "needs a rest_pose")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-follower","port":"/dev/x","at_end":"drop"}]}""", "at_end", "not one of those allowed")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-follower","port":"/dev/x","playout":"slow"}]}""", "playout", "not one of those allowed")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","playout":"quick"}]}""", "playout", "followers only")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-follower","port":"/dev/x","rest_pose":{"gripper":0}}]}""", "rest_pose: names gripper", "shoulder_pan")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","paths":3}]}""", "devices[0] (a).paths: 3", "1 or 2")]
    [InlineData("""{"broker":{},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","paths":2,"interfaces":["wlan0"]}]}""", "interfaces: has 1 for 2", "one for each")]
    [InlineData("""{"broker":{"hosts":["x.iot.eu-central-1.amazonaws.com:8883"],"insecure":true},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","paths":2}]}""", "bills each message", "\"billed_paths\": true")]
    [InlineData("""{"broker":{"tls":{"ca":"c","other_signer":true}},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","paths":2}]}""", "bills each message", "remove paths")]
    [InlineData("""{"broker":{"profile":"aws-iot"},"devices":[{"name":"a","kind":"so101-leader","port":"/dev/x","paths":2}]}""", "bills each message", "remove paths")]
    [InlineData("""{"broker":{},"devices":[LEADER,LEADER]}""", "name 'leader-1'", "twice")]
    [InlineData("""{"broker":{},"devices":[LEADER,{"name":"b","kind":"so101-leader","port":"/dev/ttyACM0"}]}""", "port '/dev/ttyACM0'", "twice")]
    [InlineData("""{"devices":[LEADER]}""", "broker and local are both absent", "add one")]
    [InlineData("""{"local":[{"leader":"x","followers":["follower-1"]}],"devices":[LEADER,FOLLOWER]}""", "local[0].leader: 'x'", "name one")]
    [InlineData("""{"local":[{"leader":"leader-1","followers":[]}],"devices":[LEADER,FOLLOWER]}""", "local[0].followers: is empty", "name at least one")]
    [InlineData("""{"local":[{"leader":"leader-1","followers":["leader-1"]}],"devices":[LEADER,FOLLOWER]}""", "local[0].followers: 'leader-1'", "name one")]
    [InlineData("""{"local":[{"leader":"leader-1","followers":["follower-1","follower-1"]}],"devices":[LEADER,FOLLOWER]}""", "'follower-1'", "twice")]
    public void A_mistake_is_one_line_that_names_the_file_the_thing_and_what_to_do(string json, params string[] said)
    {
        var text = json.Replace("LEADER", Leader, StringComparison.Ordinal).Replace("FOLLOWER", Follower, StringComparison.Ordinal);
        var line = Assert.Throws<ConfigurationException>(() => Load(text)).Message;
        Assert.Contains("agent.json", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
        Assert.All(said, part => Assert.Contains(part, line, StringComparison.Ordinal));
    }

    [Fact]
    public void Two_paths_are_taken_where_messages_cost_nothing_and_elsewhere_when_asked_for_twice()
    {
        const string Device = """{"name":"a","kind":"so101-leader","port":"/dev/x","paths":2""";
        var device = Load($$$"""{"broker":{},"devices":[{{{Device}}},"interfaces":["","127.0.0.2"]}]}""").Devices[0];
        Assert.Equal((2, "", "127.0.0.2"), (device.Paths, device.Interfaces[0], device.Interfaces[1]));
        Assert.Equal(2, Load($$$"""{"broker":{"tls":{"ca":"c","other_signer":true}},"devices":[{{{Device}}},"billed_paths":true}]}""").Devices[0].Paths);
    }

    [Fact]
    public void A_file_that_is_not_there_is_named()
    {
        var line = Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load("/no/such/agent.json")).Message;
        Assert.Contains("/no/such/agent.json: no such file", line, StringComparison.Ordinal);
    }

    private AgentConfiguration Load(string json)
    {
        var path = Path.Combine(folder.FullName, "agent.json");
        File.WriteAllText(path, json);
        return ConfigurationFile.Load(path);
    }
}
