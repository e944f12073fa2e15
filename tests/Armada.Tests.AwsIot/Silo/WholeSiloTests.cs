using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Armada.Testing;
using Armada.Testing.Logging;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.AwsIot.Moto;

namespace Armada.Tests.AwsIot.Silo;

/// <summary>A silo as a user runs it, with the emulator as its AWS.</summary>
[Collection(MotoTests.Name)]
public sealed class WholeSiloTests(MotoServer moto)
{
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);

    [SkippableFact]
    public async Task Devices_of_the_silos_routes_are_things()
    {
        moto.Require();
        using var logs = new FailOnLoggedErrors();
        await using var rig = new AwsRig(moto, logs);
        using var data = new TempFolder();
        var door = $"http://127.0.0.1:{FreePort.Next()}";
        var who = await AwsRig.Who.GetCredentialsAsync();
        await using var silo = RunningProcess.Start(
            "dotnet",
            [
                ArmadaProgram.PathOf("Armada.Silo"), "--urls", door, "--data", data.Path, "--aws-iot", "--aws-region", rig.Settings.Region!,
                "--aws-endpoint", rig.Way.Address.AbsoluteUri, "--aws-root-ca", rig.Settings.RootCaFile!,
            ],
            new Dictionary<string, string> { ["AWS_ACCESS_KEY_ID"] = who.AccessKey, ["AWS_SECRET_ACCESS_KEY"] = who.SecretKey });
        await silo.PrintsAsync("Application started", StartsWithin);
        using var http = new HttpClient { BaseAddress = new Uri(door) };

        using var created = await http.PostAsJsonAsync("/api/v1/devices", new { name = "arm-1", kind = "so101-leader", site = "hall", csr = Requests.New() });
        Assert.True(created.StatusCode == HttpStatusCode.Created, $"{created.StatusCode} {await created.Content.ReadAsStringAsync()}\n{silo.Output}");
        using var board = await http.PostAsJsonAsync("/api/v1/devices", new { name = "board-1", kind = "micropython-arm", role = "leader" });
        Assert.Equal(HttpStatusCode.Created, board.StatusCode);
        var bundle = (JsonNode.Parse(await board.Content.ReadAsStringAsync())!["bundle"]!["url"]!).ToString();
        using var archive = await http.GetAsync(bundle);
        Assert.Equal(HttpStatusCode.OK, archive.StatusCode);
        await rig.Registry.FindAsync("arm-1", default);
        Assert.Equal(["arm-1", "board-1"], (await rig.Registry.ListAsync(null, 9, default)).Select(device => device.Name));
        Assert.True((await rig.Registry.FindAsync("board-1", default))!.Newest!.IsCollected);
        Assert.Contains(await rig.View.ThingsAsync(), thing => thing.ThingName == "armada-silo" && thing.ThingTypeName == "armada-silo");

        foreach (var name in (string[])["arm-1", "board-1"])
        {
            using var gone = await http.DeleteAsync($"/api/v1/devices/{name}");
            Assert.True(gone.IsSuccessStatusCode, $"{gone.StatusCode} {await gone.Content.ReadAsStringAsync()}");
        }

        Assert.Equal("armada-silo", Assert.Single(await rig.View.ThingsAsync()).ThingName);
        Assert.Single(await rig.View.CertificatesAsync());
        Assert.DoesNotContain(who.SecretKey, silo.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("PRIVATE KEY", silo.Output, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("--client-id", "other", "--client-id")]
    [InlineData("--mqtt", "127.0.0.1:1883", "--mqtt")]
    [InlineData("--broker", "8883", "--broker")]
    [InlineData("--aws-region", "Not a region", "--aws-region")]
    [InlineData("--aws-endpoint", "nowhere", "--aws-endpoint")]
    [InlineData("--aws-root-ca", "/no/such/file.pem", "--aws-root-ca")]
    public async Task What_does_not_go_with_AWS_is_one_line_and_exit_code_2(string option, string value, string named)
    {
        using var data = new TempFolder();
        await using var silo = ArmadaProgram.Start("Armada.Silo", "--data", data.Path, "--aws-iot", option, value);
        Assert.Equal(2, await silo.ExitsAsync(StartsWithin));
        Assert.Contains(named, Assert.Single(silo.Lines), StringComparison.Ordinal);
    }
}
