using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Armada.Core.Devices;
using Armada.Core.MicroPython;
using Armada.Silo.Identities;

namespace Armada.Tests.Silo.Identities;

/// <summary>What is in the archives.</summary>
public sealed class BundleTests : IDisposable
{
    private readonly AuthorityRig rig = new();

    [Fact]
    public async Task An_agents_bundle_has_the_identity_in_pem_as_its_configuration_names_the_files()
    {
        var identity = rig.Issue("arm-1");

        var files = Unpack(AgentBundle.Pack(identity, rig.Authority.Certificate.Pem, ["arms.example"], 8883, rig.Time.GetUtcNow()), "arm-1.zip");

        Assert.Equal(["README.txt", "arm-1.key", "arm-1.pem", "ca.pem"], files.Keys);
        var certificate = rig.Write("unpacked.pem", files["arm-1.pem"]);
        Assert.Equal(
            await OpenSsl.DoAsync("x509", "-in", certificate, "-noout", "-pubkey"),
            await OpenSsl.DoAsync("pkey", "-in", rig.Write("unpacked.key", files["arm-1.key"]), "-pubout"));
        await OpenSsl.DoAsync("verify", "-attime", rig.Now, "-CAfile", rig.Write("unpacked-ca.pem", files["ca.pem"]), certificate);
    }

    [Fact]
    public void An_agents_readme_says_where_the_broker_is_in_the_words_of_its_configuration()
    {
        var files = Unpack(AgentBundle.Pack(rig.Issue("arm-1"), rig.Authority.Certificate.Pem, ["arms.example"], 8884, rig.Time.GetUtcNow()), "arm-1.zip");
        var readme = Encoding.UTF8.GetString(files["README.txt"]);

        var from = readme.IndexOf("\"broker\"", StringComparison.Ordinal);
        var snippet = readme[from..(readme.IndexOf("\n   }", from, StringComparison.Ordinal) + 5)];
        using var json = JsonDocument.Parse($"{{{snippet}}}");
        var broker = json.RootElement.GetProperty("broker");
        Assert.Equal("arms.example", broker.GetProperty("hosts")[0].GetString());
        Assert.Equal(8884, broker.GetProperty("port").GetInt32());
        Assert.Equal("{device}.key", broker.GetProperty("tls").GetProperty("key").GetString());
        Assert.Contains("chmod 600 arm-1.key", readme, StringComparison.Ordinal);
        Assert.Contains("2025-09-29", readme, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Leader", "action")]
    [InlineData("Follower", "state")]
    public void A_boards_configuration_is_the_one_its_program_reads(string role, string heard)
    {
        var files = Unpack(Board(rig.Issue("XIAOArm"), Enum.Parse<BoardRole>(role), new MicroPythonTopics()), "XIAOArm.zip");

        Assert.Equal(
            $"""
            AWS_ENDPOINT = b'arms.example'
            THING_NAME = b'XIAOArm'
            PUB_TOPIC = b'the-project/robotic/XIAOArm/state'
            SUB_TOPIC = b'the-project/robotic/XIAOArm/{heard}'
            PARTITION_KEY = b'device_name'

            """,
            Encoding.UTF8.GetString(files["config/XIAOArm/config_aws.py"]));
        Assert.Contains(
            $"lerobot-{role}-aws.py :main.py", Encoding.UTF8.GetString(files["README.txt"]), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_boards_bundle_has_certificate_key_and_authority_in_der()
    {
        var files = Unpack(Board(rig.Issue("XIAOArm"), BoardRole.Leader, new MicroPythonTopics()), "XIAOArm.zip");

        const string folder = "config/XIAOArm";
        Assert.Equal(
            ["README.txt", $"{folder}/ca.der", $"{folder}/ca.pem", $"{folder}/cert.der", $"{folder}/config_aws.py", $"{folder}/key.der"], files.Keys);
        Assert.Equal(
            await OpenSsl.DoAsync("x509", "-inform", "DER", "-in", rig.Write("cert.der", files[$"{folder}/cert.der"]), "-noout", "-pubkey"),
            await OpenSsl.DoAsync("pkey", "-inform", "DER", "-in", rig.Write("key.der", files[$"{folder}/key.der"]), "-pubout"));
        Assert.Equal(rig.Authority.Certificate.Der.ToArray(), files[$"{folder}/ca.der"]);
        Assert.Equal(rig.Authority.Certificate.Pem, Encoding.ASCII.GetString(files[$"{folder}/ca.pem"]));
    }

    [Fact]
    public async Task A_bundle_for_a_request_has_no_key_in_it_and_says_so()
    {
        var request = await OpenSsl.RequestAsync(rig.Folder, "ec:prime256v1");
        var identity = new IssuedIdentity(rig.Authority.Issue("arm-1", request, TimeSpan.FromDays(90)).Issued!, Key: null);

        var agent = Unpack(AgentBundle.Pack(identity, rig.Authority.Certificate.Pem, ["arms.example"], 8883, rig.Time.GetUtcNow()), "arm-1.zip");
        var board = Unpack(Board(identity, BoardRole.Leader, new MicroPythonTopics()), "arm-1.zip");

        Assert.DoesNotContain(agent.Keys.Concat(board.Keys), name => Path.GetFileNameWithoutExtension(name) == "key" || Path.GetExtension(name) == ".key");
        Assert.All(agent.Values.Concat(board.Values), content => Assert.DoesNotContain("PRIVATE", Encoding.Latin1.GetString(content), StringComparison.Ordinal));
        Assert.Contains("as arm-1.key", Encoding.UTF8.GetString(agent["README.txt"]), StringComparison.Ordinal);
        Assert.Contains("as key.der", Encoding.UTF8.GetString(board["README.txt"]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_topics_root_stays_data_in_a_boards_configuration()
    {
        var files = Unpack(Board(rig.Issue("a"), BoardRole.Leader, new MicroPythonTopics("x'\nimport os\\é")), "a.zip");

        Assert.Contains(
            """PUB_TOPIC = b'x\x27\x0aimport os\x5c\xc3\xa9/a/state'""", Encoding.UTF8.GetString(files["config/a/config_aws.py"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("arms.example:x")]
    [InlineData("a'b")]
    [InlineData("a\nb")]
    public void A_bundle_leads_to_no_place_that_is_no_host(string host)
    {
        var identity = rig.Issue("a");

        Assert.Throws<ArgumentException>(() => AgentBundle.Pack(identity, rig.Authority.Certificate.Pem, [host], 8883, rig.Time.GetUtcNow()));
        Assert.Throws<ArgumentException>(
            () => BoardBundle.Pack(identity, rig.Authority.Certificate.Pem, BoardRole.Leader, host, new MicroPythonTopics(), rig.Time.GetUtcNow()));
    }

    [Fact]
    public void Only_the_key_is_for_its_owner_alone_when_it_is_unpacked()
    {
        var bundle = AgentBundle.Pack(rig.Issue("a"), rig.Authority.Certificate.Pem, ["192.0.2.10"], 8883, rig.Time.GetUtcNow());
        using var archive = new ZipArchive(new MemoryStream(bundle.Zip.ToArray()));

        Assert.All(
            archive.Entries,
            entry => Assert.Equal(entry.Name == "a.key" ? 0x8180 : 0x81A4, (entry.ExternalAttributes >> 16) & 0xFFFF));
        Assert.Equal("Bundle a.zip", bundle.ToString());
    }

    public void Dispose() => rig.Dispose();

    private Bundle Board(IssuedIdentity identity, BoardRole role, MicroPythonTopics topics) =>
        BoardBundle.Pack(identity, rig.Authority.Certificate.Pem, role, "arms.example", topics, rig.Time.GetUtcNow());

    private static SortedDictionary<string, byte[]> Unpack(Bundle bundle, string name)
    {
        Assert.Equal(name, bundle.FileName);
        using var archive = new ZipArchive(new MemoryStream(bundle.Zip.ToArray()));
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var entry in archive.Entries)
        {
            using var content = new MemoryStream();
            using var stream = entry.Open();
            stream.CopyTo(content);
            files.Add(entry.FullName, content.ToArray());
        }

        return files;
    }
}
