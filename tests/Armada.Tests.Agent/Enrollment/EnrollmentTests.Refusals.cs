using System.Text.Json.Nodes;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Enrollment;
using Armada.Testing;
using Armada.Testing.Brokers;

namespace Armada.Tests.Agent.Enrollment;

/// <content>Answers that are not what was asked for.</content>
public sealed partial class EnrollmentTests
{
    public static TheoryData<string, string> WrongAnswers { get; } = new()
    {
        { "no JSON", "not an enrollment" },
        { "a member less", "not an enrollment" },
        { "too much", "more than 64 KiB" },
        { "another name", "a name that was not asked for" },
        { "another name in the certificate", "is for 'other'" },
        { "another key", "for another key" },
        { "no certificate", "not in PEM format" },
        { "a foreign certificate", "does not come from the authority" },
        { "an expired certificate", "is not valid now: the certificate of bench-leader expired" },
        { "no authority", "no certificate of an authority" },
        { "no broker", "no broker" },
        { "a wild topic", "topic_root" },
    };

    [Theory]
    [MemberData(nameof(WrongAnswers))]
    public async Task A_wrong_answer_is_named_and_nothing_of_it_is_stored(string what, string words)
    {
        using var foreign = new TestCertificates(folder, "foreign-ca");
        var request = "";
        service.Spoil = answer => Spoil(what, answer, foreign, request = service.Requests.Last()["csr"]!.GetValue<string>());
        service.Instead = what == "no JSON" ? (200, "<html>") : what == "too much" ? (200, $"{{\"name\":\"{new string('x', 70_000)}\"}}") : null;

        var fault = await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(name: "bench-leader", port: "/dev/ttyACM0"));
        Assert.Contains(words, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', fault.Message);
        Assert.Equal(["bench-leader.key"], Files());
    }

    [Fact]
    public async Task A_refusal_is_told_in_the_silos_words_and_without_the_token()
    {
        service.Instead = (403, $$"""{"type":"urn:armada:problem:token","title":"No","detail":"the token {{Token}} was\nused"}""");
        var fault = await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(name: "bench-leader"));
        Assert.EndsWith("refuses: the token (the token) was used", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_token_without_a_name_leaves_no_key_unless_an_earlier_call_may_have_used_it()
    {
        service.Instead = (403, "");
        await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync());
        Assert.Empty(Files());

        service.Instead = (503, "");
        await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync());
        service.Instead = (403, "");
        await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync());
        Assert.Single(Files());
    }

    [Fact]
    public async Task A_refusal_without_words_is_told_by_its_number()
    {
        service.Instead = (302, "");
        var fault = await Assert.ThrowsAsync<EnrollmentFailedException>(() => EnrollAsync(name: "bench-leader"));
        Assert.Contains("HTTP 302", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_authority_than_the_present_one_is_refused()
    {
        await EnrollAsync(name: "bench-leader", port: "/dev/ttyACM0");
        using var elsewhere = new TempFolder();
        using var another = new TestCertificates(elsewhere);
        await using var other = await EnrollmentService.OpenAsync(another);
        var fault = await Assert.ThrowsAsync<ConfigurationException>(() => EnrollAsync(name: "second", port: "/dev/ttyACM1", url: other.Url));
        Assert.Contains("another authority", fault.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Home, "second.pem")), "its certificate was stored");
    }

    [Theory]
    [InlineData("http://silo.example:8080", "t", "https://")]
    [InlineData("ftp://silo.example", "t", "--server")]
    [InlineData("silo", "t", "--server")]
    [InlineData("https://user:word@silo.example", "t", "--server")]
    [InlineData("https://silo.example", "", "--token")]
    [InlineData("https://silo.example", "two words", "--token")]
    public void An_option_that_cannot_work_is_named(string server, string token, string named)
    {
        var fault = Assert.Throws<ConfigurationException>(() => EnrollmentOptions.Of(server, token, insecure: false));
        Assert.Contains(named, fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("two words", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("user:word", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_http_to_another_machine_is_allowed_where_that_is_asked_for() =>
        Assert.Equal("http://silo.example:8080/", EnrollmentOptions.Of("http://silo.example:8080", "t", insecure: true).Server.AbsoluteUri);

    private void Spoil(string what, JsonObject answer, TestCertificates foreign, string request)
    {
        var name = answer["name"]!.GetValue<string>();
        var yesterday = DateTimeOffset.UtcNow.AddHours(-1);
        (string Member, JsonNode? Value)? change = what switch
        {
            "a member less" => ("kind", null),
            "another name" => ("name", "other"),
            "another name in the certificate" => ("certificate", authority.ForRequest(request, "other")),
            "another key" => ("certificate", File.ReadAllText(authority.Client(name).CertificateFile)),
            "no certificate" => ("certificate", "-----BEGIN CERTIFICATE-----\nMIIB"),
            "a foreign certificate" => ("certificate", foreign.ForRequest(request, name)),
            "an expired certificate" => ("certificate", authority.ForRequest(request, name, yesterday)),
            "no authority" => ("ca", "none"),
            "no broker" => ("broker", new JsonObject { ["hosts"] = new JsonArray(""), ["port"] = 8883 }),
            "a wild topic" => ("topic_root", "a/#"),
            _ => null,
        };
        if (change is var (member, value) && change is not null)
            answer[member] = value;
    }
}
