using System.Runtime.Versioning;
using Armada.Silo.Options;
using Armada.Silo.Remotes;
using Armada.Testing;

namespace Armada.Tests.Silo.Remotes;

[UnsupportedOSPlatform("windows")]
public sealed class RemoteKeysTests
{
    private const string Secret = "armada_0123456789ab_secret";

    [Theory]
    [InlineData("ws://Arm.example:5080/ws/slave/a", true)]
    [InlineData("wss://arm.example/ws/slave/a", false)]
    [InlineData("wss://other.example/ws/slave/a", true)]
    [InlineData("ws://[::1]:81/ws/slave/a", true)]
    [InlineData("ws://arm.example:5081/ws/slave/a", false)]
    public void A_key_is_for_one_host_and_port(string url, bool has)
    {
        using var folder = new TempFolder();
        var keys = RemoteKeys.Read(Write(folder, $$"""{"arm.example:5080": "{{Secret}}", "other.example:443": "{{Secret}}", "[::1]:81": "{{Secret}}"}"""));

        Assert.Equal(has ? Secret : null, keys.Find(new Uri(url)));
        Assert.DoesNotContain("secret", keys.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{\"arm.example:443\": \"armada_0123456789ab_secret")]
    [InlineData("{\"arm.example:443\": armada_0123456789ab_secret}")]
    [InlineData("{\"arm.example\": \"armada_0123456789ab_secret\"}")]
    [InlineData("{\"arm.example:443/x\": \"armada_0123456789ab_secret\"}")]
    [InlineData("{\"user@arm.example:443\": \"armada_0123456789ab_secret\"}")]
    [InlineData("{\"arm.example:443\": \"armada_0123456789ab_secret\\r\\nHost: x\"}")]
    [InlineData("{\"arm.example:443\": \"\"}")]
    [InlineData("{\"arm.example:443\": 5}")]
    [InlineData("{\"arm.example:443\": \"armada_0123456789ab_secret\", \"ARM.example:443\": \"armada_0123456789ab_secret\"}")]
    public void Another_file_is_refused_without_a_word_of_its_keys(string text)
    {
        using var folder = new TempFolder();
        var refused = Assert.Throws<SiloOptionsException>(() => RemoteKeys.Read(Write(folder, text)));

        Assert.Contains("--remote-keys", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void A_file_that_others_may_use_is_refused(UnixFileMode also)
    {
        using var folder = new TempFolder();
        var file = Write(folder, "{}");
        File.SetUnixFileMode(file, File.GetUnixFileMode(file) | also);

        Assert.Contains("chmod 600", Assert.Throws<SiloOptionsException>(() => RemoteKeys.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_is_missing_is_refused() =>
        Assert.Contains("/no/such/file", Assert.Throws<SiloOptionsException>(() => RemoteKeys.Read("/no/such/file")).Message, StringComparison.Ordinal);

    private static string Write(TempFolder folder, string text)
    {
        var file = folder.Write("keys.json", text);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }
}
