using System.Collections;
using System.Runtime.Versioning;
using Armada.Silo.Options;
using Armada.Silo.Store;
using Armada.Testing;

namespace Armada.Tests.Silo.Options;

[UnsupportedOSPlatform("windows")]
public sealed class ConfigurationTests : IDisposable
{
    private readonly TempFolder folder = new();
    private readonly Hashtable variables = [];

    public static TheoryData<string> Names() => [.. Settings.All.Select(setting => setting.Name)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_setting_has_one_name_in_three_spellings(string name)
    {
        var setting = Settings.All.Single(setting => setting.Name == name);
        foreach (var write in new Action<string>[]
        {
            value => variables[setting.Variable] = value,
            value => folder.Write("appsettings.json", $$"""{ "Armada": { "{{setting.Key.Split(':')[1]}}": "{{value}}" } }"""),
        })
        {
            variables.Clear();
            File.Delete(Path.Combine(folder.Path, "appsettings.json"));
            write("true");
            var settings = Load();
            Assert.Empty(settings.Problems);
            Assert.True(settings.IsSet(setting));
            Assert.Equal("true", setting.Kind == SettingKind.List ? Assert.Single(settings.List(setting)) : settings.Text(setting));
        }
    }

    [Fact]
    public async Task The_command_line_wins_over_variables_and_these_over_files_and_the_web_servers_variables_are_weakest()
    {
        folder.Write("appsettings.json", """{ "Armada": { "MaxSockets": 1, "MaxConnections": 2, "MaxRequests": 3, "Urls": ["http://127.0.0.1:4000"] } }""");
        folder.Write("appsettings.Production.json", """{ "Armada": { "MaxConnections": 20 } }""");
        variables["ARMADA_MAX_REQUESTS"] = "30";
        variables["ARMADA_MAX_SOCKETS"] = "10";
        variables["ASPNETCORE_URLS"] = "http://127.0.0.1:4001";

        var options = await ReadAsync("--max-sockets", "100");

        var limits = options.Http.Limits;
        Assert.Equal((100, 20, 30), (limits.Sockets, limits.Connections, limits.RequestsPerSecond));
        Assert.Equal(new Uri("http://127.0.0.1:4000"), Assert.Single(options.Http.Urls));
    }

    [Fact]
    public async Task A_list_is_an_array_in_a_file_and_a_stronger_source_replaces_all_of_it()
    {
        folder.Write("appsettings.json", """{ "Armada": { "AllowOrigin": ["https://a.example", "https://b.example"], "AllowHost": ["a", "b", "c"] } }""");
        variables["ARMADA_ALLOW_HOST"] = "d;e";

        var options = await ReadAsync();

        Assert.Equal(["https://a.example", "https://b.example"], options.Http.AllowedOrigins);
        Assert.Equal(["d", "e"], options.Http.AllowedHosts);
        Assert.Equal(["f"], (await ReadAsync("--allow-host", "f")).Http.AllowedHosts);
    }

    [Fact]
    public async Task The_web_servers_own_variables_say_where_it_listens()
    {
        variables["ASPNETCORE_URLS"] = "http://127.0.0.1:7000;http://localhost:7001";
        Assert.Equal([7000, 7001], (await ReadAsync()).Http.Urls.Select(url => url.Port));

        variables.Remove("ASPNETCORE_URLS");
        variables["ASPNETCORE_HTTP_PORTS"] = "8080";
        Assert.Equal(new Uri("http://0.0.0.0:8080"), Assert.Single((await ReadAsync("--insecure-http")).Http.Urls));
    }

    [Theory]
    [InlineData("ASPNETCORE_URLS", "http://0.0.0.0:5080", "--insecure-http")]
    [InlineData("ASPNETCORE_URLS", "http://*:5080", "must look like")]
    [InlineData("ASPNETCORE_HTTP_PORTS", "8080", "--insecure-http")]
    [InlineData("ASPNETCORE_HTTPS_PORTS", "8443", "--tls-cert")]
    [InlineData("ARMADA_URLS", "http://192.168.1.2:5080", "--insecure-http")]
    [InlineData("ARMADA_MAX_SOCKETS", "many", "from 1 to")]
    [InlineData("ARMADA_OPEN", "perhaps", "true or false")]
    [InlineData("ARMADA_MAX_SOKETS", "5", "did you mean ARMADA_MAX_SOCKETS?")]
    [InlineData("ARMADA_URL", "http://127.0.0.1:5080", "did you mean ARMADA_URLS?")]
    [InlineData("Kestrel__Endpoints__Http__Url", "http://0.0.0.0:80", "ARMADA_URLS")]
    [InlineData("ASPNETCORE_Kestrel__Certificates__Default__Path", "a.pfx", "ARMADA_TLS_CERT")]
    [InlineData("Logging__LogLevel__Default", "Loud", "Debug")]
    [InlineData("Logging__Console__FormatterName", "xml", "json")]
    public async Task A_variable_opens_nothing_that_the_command_line_could_not_and_is_named_where_it_is_wrong(string variable, string value, string remedy)
    {
        variables[variable] = value;

        var line = Assert.Single(await RefusalsAsync());

        Assert.Contains(variable.Replace("__", variable.StartsWith("Logging", StringComparison.Ordinal) ? ":" : "__", StringComparison.Ordinal), line, StringComparison.Ordinal);
        Assert.Contains(remedy, line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "Armada": { "MaxSokets": 5 } }""", "did you mean Armada:MaxSockets?")]
    [InlineData("""{ "Armada": { "Urls": ["http://0.0.0.0:5080"] } }""", "Armada:Urls in appsettings.json 'http://0.0.0.0:5080/'")]
    [InlineData("""{ "Armada": { "MaxSockets": { "a": 5 } } }""", "Armada:MaxSockets in appsettings.json must be one value")]
    [InlineData("""{ "Kestrel": { "Endpoints": {} }, "Armada": {} }""", "Kestrel")]
    [InlineData("""{ "urls": "http://0.0.0.0:80" }""", "urls")]
    [InlineData("""{ "Armada": """, "appsettings.json cannot be read")]
    public async Task What_is_wrong_in_a_file_is_one_line_that_names_it(string text, string named)
    {
        folder.Write("appsettings.json", text);

        Assert.Contains(named, Assert.Single(await RefusalsAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_is_wrong_is_said_in_one_start()
    {
        folder.Write("appsettings.json", """{ "Armada": { "RoomUnits": "radians" } }""");
        variables["ARMADA_MQTT"] = "broker";
        variables["ARMADA_OPNE"] = "true";

        var lines = await RefusalsAsync("--max-sockets", "0", "--tls-cert", "/no/such/file.pem");

        Assert.Equal(5, lines.Count);
        foreach (var named in new[] { "Armada:RoomUnits in appsettings.json 'radians'", "ARMADA_MQTT 'broker'", "ARMADA_OPNE", "--max-sockets '0'", "--tls-cert" })
            Assert.Contains(lines, line => line.Contains(named, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_log_has_a_form_and_levels()
    {
        variables["Logging__LogLevel__Armada"] = "Debug";
        variables["ARMADA_LOG"] = "json";

        var logging = (await ReadAsync()).Logging;

        Assert.Equal(("Debug", "json"), (logging["LogLevel:Armada"], logging["Console:FormatterName"]));
    }

    [Fact]
    public async Task Variables_of_the_products_other_programs_are_none_of_the_silos_business()
    {
        variables["ARMADA_ENROLL_TOKEN"] = "secret";
        variables["ASPNETCORE_ENVIRONMENT"] = "Development";

        Assert.NotNull(await ReadAsync());
    }

    [Theory]
    [InlineData("armada_0123456789ab_0123456789abcdef0123456789abcdef\n", 0x180, true)]
    [InlineData("armada_0123456789ab_0123456789abcdef0123456789abcdef\n", 0x1A4, false)]
    [InlineData("armada_0123456789ab_tooshort", 0x180, false)]
    [InlineData("armada_0123456789AB_0123456789abcdef0123456789abcdef", 0x180, false)]
    [InlineData("secret", 0x180, false)]
    [InlineData("", 0x180, false)]
    public async Task The_file_of_the_first_admin_key_is_for_its_owner_alone_and_holds_a_key(string text, int mode, bool isAccepted)
    {
        var file = folder.Write("key", text);
        File.SetUnixFileMode(file, (UnixFileMode)mode);
        variables["ARMADA_ADMIN_KEY_FILE"] = file;

        if (isAccepted)
        {
            Assert.Equal("0123456789ab", (await ReadAsync()).AdminKey!.Id);
        }
        else
        {
            var line = Assert.Single(await RefusalsAsync());
            Assert.Contains($"ARMADA_ADMIN_KEY_FILE '{file}'", line, StringComparison.Ordinal);
            Assert.DoesNotContain("0123456789abcdef", line, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("/run/secrets/armada-key", true)]
    [InlineData("/run/other", false)]
    [InlineData("/run/secrets-of-others", false)]
    [InlineData("/etc/armada keys/key", true)]
    [InlineData("/key", false)]
    public void A_secret_that_is_mounted_read_only_may_be_readable_by_all(string path, bool isSecret) =>
        Assert.Equal(isSecret, SecretFile.IsOnReadOnlyMount(
            path,
            [
                "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
                "41 22 0:35 / /run rw,nosuid - tmpfs tmpfs rw",
                "42 41 0:36 / /run/secrets ro,relatime - tmpfs tmpfs rw",
                "43 22 0:37 / /etc/armada\\040keys ro - tmpfs tmpfs rw",
            ]));

    private SiloConfiguration Load() => new(folder.Path, variables, new Dictionary<string, string?>());

    private async Task<SiloOptions> ReadAsync(params string[] args)
    {
        SiloOptions? seen = null;
        var errors = new StringWriter();
        var exit = await new SiloCommandLine(folder.Path, variables).RunAsync(args, (options, _) => Task.FromResult(seen = options), TextWriter.Null, errors);
        Assert.True(exit == 0, errors.ToString());
        return seen!;
    }

    private async Task<IReadOnlyList<string>> RefusalsAsync(params string[] args)
    {
        var errors = new StringWriter();
        var exit = await new SiloCommandLine(folder.Path, variables).RunAsync(
            args, (_, _) => throw new InvalidOperationException("it ran"), TextWriter.Null, errors);
        Assert.Equal(2, exit);
        return errors.ToString().TrimEnd().Split('\n');
    }
}
