using Armada.Silo;
using Armada.Silo.Options;
using Armada.Testing;

namespace Armada.Tests.Silo.Options;

public sealed class AwsIotOptionTests
{
    [SkippableFact]
    public async Task Where_the_silo_was_built_without_AWS_it_says_so_in_one_line_and_exit_code_2()
    {
        Skip.If(typeof(SiloHost).Assembly.GetReferencedAssemblies().Any(reference => reference.Name == "Armada.Silo.AwsIot"), "this build has AWS IoT Core");
        using var data = new TempFolder();
        var errors = new StringWriter();
        var exit = await new SiloCommandLine().RunAsync(["--data", data.Path, "--aws-iot"], SiloHost.RunAsync, TextWriter.Null, errors);
        Assert.Equal(2, exit);
        Assert.Contains("-p:AwsIot=true", Assert.Single(errors.ToString().TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--aws-region", "eu-central-1")]
    [InlineData("--aws-endpoint", "http://127.0.0.1:5000")]
    [InlineData("--aws-root-ca", "root.pem")]
    public async Task What_says_more_about_AWS_needs_it_turned_on(string option, string value)
    {
        var errors = new StringWriter();
        var exit = await new SiloCommandLine().RunAsync(
            [option, value], (_, _) => throw new InvalidOperationException("it ran"), TextWriter.Null, errors);
        Assert.Equal(2, exit);
        Assert.Contains("--aws-iot", Assert.Single(errors.ToString().TrimEnd().Split('\n')), StringComparison.Ordinal);
    }
}
