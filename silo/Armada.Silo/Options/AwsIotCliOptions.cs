using System.CommandLine;

namespace Armada.Silo.Options;

/// <summary>The options of the command line about AWS IoT Core.</summary>
internal sealed class AwsIotCliOptions
{
    private readonly Option<bool> aws = new("--aws-iot")
    {
        Description = "Use AWS IoT Core as broker and registry of devices; credentials are found as by every AWS tool.",
    };

    private readonly Option<string?> region = new("--aws-region") { Description = "Its region, such as eu-central-1; without it the one that the AWS settings name." };

    private readonly Option<string?> endpoint = new("--aws-endpoint") { Description = "URL of an emulator that answers instead of AWS; for tests." };

    private readonly Option<string?> rootCa = new("--aws-root-ca")
    {
        Description = "PEM file of the authority of AWS's certificates; without it \"Amazon Root CA 1\" of this machine's store.",
    };

    /// <summary>Adds the options.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[aws, region, endpoint, rootCa])
            command.Add(option);
    }

    /// <summary>What was said; null for no AWS IoT Core.</summary>
    /// <exception cref="SiloOptionsException">Something is wrong with it.</exception>
    public AwsIotOptions? Read(ParseResult line)
    {
        var (place, url, file) = (line.GetValue(region), line.GetValue(endpoint), line.GetValue(rootCa));
        if (!line.GetValue(aws))
        {
            return (place ?? url ?? file) is null
                ? null
                : throw new SiloOptionsException("--aws-region, --aws-endpoint and --aws-root-ca need --aws-iot, which turns AWS IoT Core on");
        }

        if (place is not null && (place.Length == 0 || !place.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')))
            throw new SiloOptionsException($"--aws-region '{place}' must be a region, such as eu-central-1");
        Uri? address = null;
        if (url is not null && !(Uri.TryCreate(url, UriKind.Absolute, out address) && address.Scheme is "http" or "https"))
            throw new SiloOptionsException($"--aws-endpoint '{url}' must be a URL, such as http://127.0.0.1:5000");
        if (file is not null && !File.Exists(file))
            throw new SiloOptionsException($"--aws-root-ca '{file}' is no file");
        return new AwsIotOptions(place, address, file);
    }
}
