using Armada.EdgeAgent.Configuration;

namespace Armada.Tests.Agent.Enrollment;

/// <content>What becomes of the agent's configuration.</content>
public sealed partial class EnrollmentTests
{
    [Fact]
    public async Task A_second_device_is_added_and_the_rest_of_the_file_stays_as_it_is()
    {
        await EnrollAsync(name: "bench-leader", port: "/dev/ttyACM0");
        var before = File.ReadAllText(Config).Replace("  \"devices\"", "  // the bench\n  \"devices\"", StringComparison.Ordinal);
        File.WriteAllText(Config, before);
        service.Kind = "so101-follower";
        await EnrollAsync(name: "bench-follower", port: "/dev/ttyACM1");

        var after = File.ReadAllText(Config);
        Assert.Contains("// the bench", after, StringComparison.Ordinal);
        Assert.Equal(["bench-leader", "bench-follower"], ConfigurationFile.Load(Config).Devices.Select(device => device.Name));
    }

    [Theory]
    [InlineData("""{"local":[{"leader":"a","followers":["b"]}],"devices":[A,B]}""")]
    [InlineData("""{"devices":[A,B,/* more */],"local":[{"leader":"a","followers":["b"]}],}""")]
    public async Task A_file_without_a_broker_gets_one(string json)
    {
        Existing(json);
        await EnrollAsync(name: "bench-leader", port: "/dev/ttyACM7");
        var configuration = ConfigurationFile.Load(Config);
        Assert.Equal(["a", "b", "bench-leader"], configuration.Devices.Select(device => device.Name));
        Assert.Equal("broker.example", configuration.Broker!.Hosts[0]);
        Assert.Single(configuration.Local);
    }

    [Theory]
    [InlineData("""{"broker":{"hosts":["192.0.2.9"],"tls":TLS},"devices":[A]}""", "its broker is 192.0.2.9:8883", 1)]
    [InlineData("""{"broker":{"hosts":["broker.example"],"port":8884,"tls":TLS},"devices":[A]}""", "broker.example:8884", 1)]
    [InlineData("""{"broker":{"hosts":["broker.example"],"tls":TLS},"topic_root":"other","devices":[A]}""", "topic_root is 'other'", 1)]
    [InlineData("""{"broker":{"hosts":["broker.example"],"tls":TLS},"devices":[{"name":"bench-leader","kind":"so101-follower","port":"/dev/x"}]}""", "is a so101-follower", 1)]
    [InlineData("""{"broker":{"hosts":["broker.example"]},"devices":[A]}""", "is without tls", 0)]
    [InlineData("""{"broker":{"hosts":["broker.example"],"tls":{"ca":"other.pem"}},"devices":[A]}""", "broker.tls names other files", 0)]
    [InlineData("""{"broker":""", "not valid JSON", 0)]
    public async Task A_file_that_does_not_fit_is_refused_in_words_and_stays_as_it_is(string json, string words, int asked)
    {
        Existing(json);
        var before = File.ReadAllText(Config);
        var fault = await Assert.ThrowsAsync<ConfigurationException>(() => EnrollAsync(name: "bench-leader", port: "/dev/ttyACM7"));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Config));
        Assert.Equal(asked, service.Requests.Count);
        Assert.False(File.Exists(Path.Combine(Home, "bench-leader.pem")), "the certificate was stored");
    }

    [Fact]
    public async Task A_device_that_is_there_already_is_enrolled_again_and_the_file_stays()
    {
        Existing("""{"broker":{"hosts":["broker.example"],"tls":TLS},"devices":[{"name":"bench-leader","kind":"so101-leader","port":"/dev/x"}]}""");
        var before = File.ReadAllText(Config);
        await EnrollAsync(name: "bench-leader", port: "/dev/ttyACM7");
        Assert.Equal(before, File.ReadAllText(Config));
        Assert.True(File.Exists(Path.Combine(Home, "bench-leader.pem")), "the certificate was not stored");
    }

    [Fact]
    public async Task The_only_serial_port_that_is_free_is_taken()
    {
        await EnrollAsync(name: "bench-leader", ports: ["/dev/ttyACM0"]);
        await EnrollAsync(name: "second", ports: ["/dev/ttyACM0", "/dev/ttyUSB0"]);
        Assert.Equal(["/dev/ttyACM0", "/dev/ttyUSB0"], ConfigurationFile.Load(Config).Devices.Select(device => device.Port));
    }

    [Theory]
    [InlineData]
    [InlineData("/dev/ttyACM0", "/dev/ttyACM1")]
    public async Task Where_the_port_is_not_clear_the_device_is_left_out_and_it_says_what_to_add(params string[] ports)
    {
        await EnrollAsync(name: "bench-leader", ports: ports);
        Assert.Contains("\"name\": \"bench-leader\"", said.ToString(), StringComparison.Ordinal);
        Assert.Contains("devices: is empty", Assert.Throws<ConfigurationException>(() => ConfigurationFile.Load(Config)).Message, StringComparison.Ordinal);

        await EnrollAsync(name: "second", port: "/dev/ttyACM1");
        Assert.Equal("second", ConfigurationFile.Load(Config).Devices.Single().Name);
    }

    [Fact]
    public async Task A_configuration_elsewhere_names_the_files_from_where_it_stands()
    {
        var config = folder.File("etc.json");
        await EnrollAsync(name: "bench-leader", port: "/dev/ttyACM0", config: config);
        Assert.Equal(Path.Combine(Home, "ca.pem"), ConfigurationFile.Load(config).Broker!.Tls!.Ca);
    }

    private void Existing(string json)
    {
        Directory.CreateDirectory(Home);
        File.WriteAllText(Config, json
            .Replace("TLS", """{"ca":"ca.pem","certificate":"{device}.pem","key":"{device}.key"}""", StringComparison.Ordinal)
            .Replace("[A", """[{"name":"a","kind":"so101-leader","port":"/dev/a"}""", StringComparison.Ordinal)
            .Replace(",B", """,{"name":"b","kind":"so101-follower","port":"/dev/b"}""", StringComparison.Ordinal));
    }
}
