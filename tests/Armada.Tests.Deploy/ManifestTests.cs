using System.Text.RegularExpressions;
using Armada.Testing.Processes;
using YamlDotNet.Core;
using YamlDotNet.Serialization;

namespace Armada.Tests.Deploy;

/// <summary>What compose files, images, packages and CloudFormation templates say of the silo and of each other.</summary>
public sealed partial class ManifestTests
{
    private static readonly string[] Deployments = ["compose", "kubernetes", "aws", "container", "pi"];

    [Fact]
    public async Task Every_variable_that_a_deployment_sets_is_a_setting_of_the_silo()
    {
        await using var silo = ArmadaProgram.Start("Armada.Silo", "--help");
        Assert.Equal(0, await silo.ExitsAsync());
        var settings = Option().Matches(silo.Output).Select(option => "ARMADA_" + option.Groups[1].Value.Replace('-', '_').ToUpperInvariant()).ToHashSet();
        var set = Deployments.SelectMany(folder => Directory.GetFiles(Path.Combine(Repository.Root, "infra", folder), "*", SearchOption.AllDirectories))
            .SelectMany(file => Variable().Matches(File.ReadAllText(file)))
            .Select(variable => variable.Value).Where(variable => variable != "ARMADA_HOST").Distinct().ToArray(); // The compose files' own.
        Assert.NotEmpty(set);
        Assert.Empty(set.Except(settings));
    }

    [Theory]
    [InlineData("one")]
    [InlineData("cluster")]
    public void A_compose_file_defines_all_that_it_names_and_hardens_the_silos(string file)
    {
        var compose = Load($"infra/compose/{file}.yaml");
        var services = Map(compose["services"]);
        foreach (var (name, service) in services.Select(pair => ((string)pair.Key, Map(pair.Value))))
        {
            foreach (var (member, prefix) in new[] { ("secrets", ""), ("networks", ""), ("volumes", "./") })
            {
                var named = service.TryGetValue(member, out var list) ? ((List<object>)list).Select(item => ((string)item).Split(':')[0]) : [];
                Assert.Empty(named.Where(item => prefix.Length == 0 || !item.StartsWith('.')).Except(Map(compose.GetValueOrDefault(member, new Dictionary<object, object>())).Keys.Cast<string>()));
            }

            if (!((string)service["image"]).StartsWith("armada/", StringComparison.Ordinal))
                continue;
            Assert.True(service["read_only"] is "true", $"{name} may write to its image");
            Assert.Equal(["ALL"], (List<object>)service["cap_drop"]);
            Assert.Equal(["CMD", "/app/armada-silo", "health"], (List<object>)Map(service["healthcheck"])["test"]);
        }
    }

    [Theory]
    [InlineData("infra/otel/collector.yaml")]
    [InlineData("infra/compose/prometheus.yaml")]
    [InlineData("infra/compose/grafana/datasources.yaml")]
    [InlineData("infra/compose/grafana/dashboards.yaml")]
    public void A_file_of_what_watches_is_one_document_of_YAML(string file) => Assert.NotEmpty(Load(file));

    [Fact]
    public void Every_pipeline_of_the_collector_uses_parts_that_it_defines()
    {
        var collector = Load("infra/otel/collector.yaml");
        foreach (var pipeline in Map(Map(collector["service"])["pipelines"]).Values.Select(Map))
        {
            foreach (var kind in new[] { "receivers", "processors", "exporters" })
                Assert.Empty(((List<object>)pipeline[kind]).Except(Map(collector[kind]).Keys));
        }
    }

    [Fact]
    public void The_template_for_AWS_IoT_Core_allows_what_its_page_says()
    {
        static IEnumerable<string> Actions(string text) => IotAction().Matches(text).Select(action => action.Value).Distinct().Order();
        var page = Repository.Read("docs/aws-iot.md");
        var begin = page.IndexOf("```json", StringComparison.Ordinal);
        Assert.Equal(Actions(page[begin..page.IndexOf("```", begin + 3, StringComparison.Ordinal)]), Actions(Repository.Read("infra/aws/iot.yaml")));
    }

    [Fact]
    public void The_load_balancer_of_AWS_passes_TLS_through_and_templates_use_no_alias()
    {
        var cluster = Repository.Read("infra/aws/cluster.yaml");
        Assert.DoesNotContain("Protocol: TLS", cluster, StringComparison.Ordinal);
        // CloudFormation itself takes none.
        Assert.DoesNotMatch(Alias(), cluster);
        Assert.DoesNotMatch(Alias(), Repository.Read("infra/aws/iot.yaml"));
    }

    private static Dictionary<object, object> Map(object value) => (Dictionary<object, object>)value;

    private static Dictionary<string, object> Load(string file) =>
        new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(new MergingParser(new Parser(new StringReader(Repository.Read(file)))));

    [GeneratedRegex(@"--([a-z][a-z-]+)")]
    private static partial Regex Option();

    [GeneratedRegex(@"\bARMADA_[A-Z_]+[A-Z]\b")]
    private static partial Regex Variable();

    [GeneratedRegex(@"iot:[A-Z][a-z]\w+")]
    private static partial Regex IotAction();

    [GeneratedRegex(@"[:\-] [&*][a-z]+(\s|$)")]
    private static partial Regex Alias();
}
